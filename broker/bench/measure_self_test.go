package bench

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// In a bubble time is virtual, so the exact result of a turn is known.
func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 3
		c := &contender{name: "exact"}
		for range workers {
			c.workers = append(c.workers, &worker{once: func() (time.Duration, error) {
				time.Sleep(10 * time.Millisecond) //nolint:forbidigo // virtual time
				return 10 * time.Millisecond, nil
			}})
		}
		for range 2 { // the second turn must count nothing of the first
			s, err := c.turn(105*time.Millisecond, time.Second)
			exact := s.rate == workers*100 && s.flight > 2.97 && s.flight < 3.03 &&
				about(s.p50, 10*time.Millisecond) && about(s.p99, 10*time.Millisecond)
			if err != nil || !exact {
				t.Errorf("got %+v, %v, want 300 a second of 10ms each", s, err)
			}
		}
	})
}

// A turn on a slow machine lasts until it has counted something.
func TestTurnLastsUntilItCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &contender{workers: []*worker{{once: func() (time.Duration, error) {
			time.Sleep(3 * time.Second) //nolint:forbidigo // virtual time
			return 3 * time.Second, nil
		}}}}
		if s, err := c.turn(time.Second, time.Second); err != nil || s.rate != 0.5 {
			t.Errorf("got %+v, %v, want one operation in the two seconds after the warm-up", s, err)
		}
	})
}

// about reports whether got is want but for the rounding of a histogram.
func about(got, want time.Duration) bool { return (got - want).Abs() <= want/100 }

// A turn fails if a worker fails at any time.
func TestTurnFails(t *testing.T) {
	broken := errors.New("broken")
	fails := func() error { return broken }
	takes := func(err error) func() (time.Duration, error) {
		return func() (time.Duration, error) {
			time.Sleep(10 * time.Millisecond) //nolint:forbidigo // virtual time
			return 10 * time.Millisecond, err
		}
	}
	works := takes(nil)
	for name, w := range map[string]*worker{
		"begin":  {begin: fails, once: works},
		"once":   {once: takes(broken)},
		"finish": {once: works, finish: fails},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &contender{workers: []*worker{{once: works}, w}}
				if _, err := c.turn(100*time.Millisecond, time.Second); !errors.Is(err, broken) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestMedians(t *testing.T) {
	samples := []sample{{rate: 10, p50: 3, p99: 9}, {rate: 30, p50: 1, p99: 8}, {rate: 20, p50: 2, p99: 7}}
	if got, want := summary(samples), (sample{rate: 20, p50: 2, p99: 8}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// The median of the ratios 0.1, 0.5 and 1, not the ratio of the medians.
	if got := ratio(samples, []sample{{rate: 100}, {rate: 60}, {rate: 20}}); got != 0.5 {
		t.Errorf("got %v, want 0.5", got)
	}
}

func TestGuardOfMixed(t *testing.T) {
	g := &guard{name: "a"}
	if err := errors.Join(g.enter(true), g.enter(true)); err != nil {
		t.Error(err)
	}
	if g.enter(false) == nil {
		t.Error("an exclusive holder beside shared ones")
	}
	g.exit(true)
	g.exit(true)
	if err := g.enter(false); err != nil {
		t.Error(err)
	}
	if g.enter(true) == nil {
		t.Error("a shared holder beside an exclusive one")
	}
}
