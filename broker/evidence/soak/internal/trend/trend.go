package trend

import (
	"math"
	"slices"
)

const (
	// leastSamples is how many samples a block must have after the warm-up. With fewer, no trend is significant.
	leastSamples = 8
	significance = 0.001
	quantile95   = 1.959964 // of the normal distribution, two-sided
)

// A Result is what the test found.
type Result struct {
	Samples  int     // how many samples counted
	S        float64 // Mann-Kendall's S
	P        float64 // probability of such an S or a greater one if there is no trend
	Slope    float64 // Theil-Sen's slope, in units per hour
	Low      float64 // the 95 % confidence interval of the slope
	High     float64
	Median   float64 // of the values that counted
	Bound    float64 // the slope up to which growth is accepted
	Rises    bool    // whether the value rises faster than Bound
	TooShort bool    // whether there were too few samples to decide
}

// Test decides whether the series rises by more than bound per hour.
func (s *Series) Test(bound float64) Result {
	blocks := s.counted(leastSamples)
	r := Result{P: 1, Bound: bound, TooShort: len(blocks) == 0}
	if r.TooShort {
		return r
	}
	var (
		variance       float64
		slopes, values []float64
	)
	for _, block := range blocks {
		r.Samples += len(block)
		variance += varianceOfS(block)
		for j, late := range block {
			values = append(values, late.Value)
			for _, early := range block[:j] {
				r.S += sign(late.Value - early.Value)
				if late.At > early.At {
					slopes = append(slopes, (late.Value-early.Value)/(late.At-early.At))
				}
			}
		}
	}
	r.Median = median(values)
	if variance == 0 || len(slopes) == 0 { // all values are equal
		return r
	}
	deviation := math.Sqrt(variance)
	// The 1 corrects for S being a whole number.
	r.P = math.Erfc((r.S-sign(r.S))/deviation/math.Sqrt2) / 2
	slices.Sort(slopes)
	half := quantile95 * deviation
	r.Slope = median(slopes)
	r.Low = atRank(slopes, (float64(len(slopes))-half)/2)
	r.High = atRank(slopes, (float64(len(slopes))+half)/2)
	r.Rises = r.P < significance && r.Slope > bound
	return r
}

// varianceOfS returns the variance of S for a block without a trend. Equal values reduce it.
func varianceOfS(block []Sample) float64 {
	count := make(map[float64]int)
	for _, s := range block {
		count[s.Value]++
	}
	variance := term(len(block))
	for _, n := range count {
		variance -= term(n)
	}
	return variance / 18
}

func term(n int) float64 { return float64(n) * float64(n-1) * float64(2*n+5) }

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return atRank(sorted, float64(len(sorted)-1)/2)
}

// atRank returns the value at a rank in a sorted list, between its neighbours if the rank is not a whole number.
func atRank(sorted []float64, rank float64) float64 {
	rank = min(max(rank, 0), float64(len(sorted)-1))
	low := int(rank)
	high := min(low+1, len(sorted)-1)
	share := rank - float64(low)
	return sorted[low]*(1-share) + sorted[high]*share
}
