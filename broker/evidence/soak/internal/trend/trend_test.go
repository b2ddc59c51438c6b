package trend

import (
	"math"
	"math/rand/v2"
	"testing"
)

const (
	mb    = 1 << 20
	bound = 2 * mb
)

// hour returns samples of one hour, one a minute. The value at minute i is f(i) with noise of about 2 %.
func hour(seed uint64, f func(minute int) float64) *Series {
	random := rand.New(rand.NewPCG(seed, 1))
	s := &Series{Warmup: 5}
	s.Begin()
	for i := range 60 {
		noise := 1 + random.NormFloat64()*0.02
		s.Add(Sample{At: float64(i) / 60, Value: f(i) * noise})
	}
	return s
}

// TestFlat checks that noise alone is hardly ever a trend: in about 1 of 1000 series.
func TestFlat(t *testing.T) {
	rises := 0
	for seed := range uint64(1000) {
		if hour(seed, func(int) float64 { return 50 * mb }).Test(0).Rises {
			rises++
		}
	}
	if rises > 5 {
		t.Errorf("%d of 1000 flat series rise", rises)
	}
	for seed := range uint64(1000) {
		if r := hour(seed, func(int) float64 { return 50 * mb }).Test(bound); r.Rises {
			t.Errorf("seed %d: a flat series rises by more than the bound: %+v", seed, r)
		}
	}
}

// TestLeak checks that a leak of 6 MB an hour is found below noise of 1 MB, and a step of 3 MB in the middle too.
func TestLeak(t *testing.T) {
	for name, f := range map[string]func(int) float64{
		"leak": func(i int) float64 { return 50*mb + float64(i)*6*mb/60 },
		"step": func(i int) float64 { return 50*mb + float64(i/30)*3*mb },
	} {
		found := 0
		for seed := range uint64(200) {
			if hour(seed, f).Test(bound).Rises {
				found++
			}
		}
		if found < 190 {
			t.Errorf("%s: found in %d of 200 series", name, found)
		}
	}
}

// TestNegligibleLeak checks that growth below the bound passes, however certain it is.
func TestNegligibleLeak(t *testing.T) {
	s := &Series{}
	for i := range 60 {
		s.Add(Sample{At: float64(i) / 60, Value: 50*mb + float64(i)*mb/60})
	}
	r := s.Test(bound)
	if r.Rises || r.P > 1e-6 || math.Abs(r.Slope-mb) > 1 {
		t.Errorf("got %+v, want a slope of 1 MB an hour that passes", r)
	}
	if !s.Test(mb / 2).Rises {
		t.Error("the same growth passes a bound below it")
	}
}

// TestOutliers checks that a few outliers do not make a trend.
func TestOutliers(t *testing.T) {
	s := hour(7, func(i int) float64 {
		if i > 50 && i%3 == 0 {
			return 500 * mb
		}
		return 50 * mb
	})
	if r := s.Test(bound); r.Rises {
		t.Errorf("outliers make a trend: %+v", r)
	}
}

// TestBlocks checks that samples of different blocks are not compared: a leak shows although each block begins low,
// and blocks that are flat at rising levels are no trend.
func TestBlocks(t *testing.T) {
	leak, levels := &Series{}, &Series{}
	for block := range 4 {
		leak.Begin()
		levels.Begin()
		for i := range 15 {
			at := float64(block*15+i) / 60
			leak.Add(Sample{At: at, Value: 50*mb + float64(i)*6*mb/60})
			levels.Add(Sample{At: at, Value: float64(50+10*block)*mb + float64(i*7%5)*mb/100})
		}
	}
	if r := leak.Test(bound); !r.Rises || r.Samples != 60 {
		t.Errorf("the leak is not found: %+v", r)
	}
	if r := levels.Test(bound); r.Rises {
		t.Errorf("levels of different blocks make a trend: %+v", r)
	}
}

// TestTooShort checks that a few samples decide nothing, and equal values are flat.
func TestTooShort(t *testing.T) {
	s := &Series{Warmup: 2}
	for i := range leastSamples + 1 {
		s.Add(Sample{At: float64(i), Value: float64(i)})
	}
	if r := s.Test(0); !r.TooShort || r.Rises {
		t.Errorf("got %+v, want too short", r)
	}
	equal := &Series{}
	for i := range 20 {
		equal.Add(Sample{At: float64(i), Value: 3})
	}
	if r := equal.Test(0); r.TooShort || r.Rises || r.Slope != 0 || r.Median != 3 {
		t.Errorf("got %+v, want flat", r)
	}
}

// TestKnownFigures compares S, its variance and p with the example of Gilbert, "Statistical methods for environmental
// pollution monitoring", 1987: the ranks 5, 4, 3, 2, 1 have S = -10, and the variance of S of 5 values is 50/3.
func TestKnownFigures(t *testing.T) {
	s := &Series{}
	var block []Sample
	for i := range 8 {
		s.Add(Sample{At: float64(i), Value: float64(8 - i)})
		if i < 5 {
			block = append(block, Sample{Value: float64(i)})
		}
	}
	if r := s.Test(0); r.S != -28 || r.Slope != -1 || r.P < 0.999 {
		t.Errorf("got %+v, want S -28 and slope -1", r)
	}
	if v := varianceOfS(block); math.Abs(v-50.0/3) > 1e-9 {
		t.Errorf("variance %v, want 50/3", v)
	}
}
