package load

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// One caller uses a network that takes 5ms each way. It takes 10ms to the grant and 10ms more to the confirmed
// release, so there are 50 grants per second. Grants in the warm-up do not count.
func TestOneCaller(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.link.Delay(5 * ms)
		r := s.measured(Plan{
			Connections: 1, Goroutines: 1, Names: 3, Prefix: "load/",
			Warmup: 3 * time.Second, Duration: time.Second,
		})
		if r.Grants != 50 || r.PerSecond() != 50 || r.Measured != time.Second || r.Ending != EndedByDuration {
			t.Errorf("got %d grants, %v a second, in %v, until %s", r.Grants, r.PerSecond(), r.Measured,
				r.Ending)
		}
		if want := (Latency{50, 10 * ms, 10 * ms, 10 * ms, 10 * ms, 10 * ms}); r.Acquire != want {
			t.Errorf("acquire took %v, want %v", r.Acquire, want)
		}
		if want := (Latency{50, 20 * ms, 20 * ms, 20 * ms, 20 * ms, 20 * ms}); r.Pair != want {
			t.Errorf("acquire and release took %v, want %v", r.Pair, want)
		}
	})
}

// The time that a lock is held counts in the latencies of waiters, not in those of its holder.
func TestHold(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		r := s.measured(contended())
		if r.Grants != 100 || r.Fewest != 25 || r.Most != 25 || r.Fairness() != 1 {
			t.Errorf("got %d grants, from %d to %d: want 100, 25 each", r.Grants, r.Fewest, r.Most)
		}
		if r.Acquire.P50 != 30*ms || r.Acquire.Max != 30*ms || r.Pair.Max != 30*ms {
			t.Errorf("got %v and %v, want 30ms: three others hold the lock first", r.Acquire, r.Pair)
		}
		if r.Waiting != 3 || r.LongestWait != 25*ms {
			t.Errorf("%d waited at the end, one for %v; want 3, 25ms", r.Waiting, r.LongestWait)
		}
		s.expectOver()
	})
}

// A shared lock has as many holders as its limit allows.
func TestShared(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		plan := contended()
		plan.Shared = true
		if r := s.measured(plan); r.Grants != 400 || r.Waiting != 0 {
			t.Errorf("shared: got %d grants, %d waiting; want 400, none", r.Grants, r.Waiting)
		}
		plan.Limit = 2
		if r := s.measured(plan); r.Grants != 200 || r.Waiting != 2 {
			t.Errorf("shared by two: got %d grants, %d waiting; want 200, 2", r.Grants, r.Waiting)
		}
	})
}

// No goroutine sends a request before all connections exist.
func TestStartTogether(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		plan := contended()
		plan.Connections, plan.Goroutines = 40, 40
		var dialed int
		last := func(ctx context.Context) (*wsclient.Client, error) {
			if dialed++; dialed == plan.Connections {
				time.Sleep(time.Second) //nolint:forbidigo // virtual time
				s.expectIdle()
			}
			return s.dial(ctx)
		}
		// One dial at a time, so that dialed needs no mutex.
		turn := make(chan struct{}, 1)
		r, err := Run(t.Context(), plan, func(ctx context.Context) (*wsclient.Client, error) {
			turn <- struct{}{}
			defer func() { <-turn }()
			return last(ctx)
		}, nil)
		if err != nil || dialed != 40 || r.Grants != 100 {
			t.Errorf("got %+v, %v, after %d connections", r, err, dialed)
		}
	})
}

// Goroutines are spread evenly over connections.
func TestSpread(t *testing.T) {
	lockers := []locker{client{}, &fake{}, &fake{}}
	plan := Plan{Goroutines: 8, Names: 1}
	on := map[locker]int{}
	for _, w := range newRun(plan, lockers).workers {
		on[w.locker]++
	}
	if got := fmt.Sprint(on[lockers[0]], on[lockers[1]], on[lockers[2]]); got != "3 3 2" {
		t.Errorf("got %s goroutines on the connections, want 3 3 2", got)
	}
}

// A signal ends the run early, and the report covers the time until then.
func TestEndedEarly(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		ctx, cancel := context.WithCancel(t.Context())
		s.after(warmup+2500*ms, cancel)
		plan := contended()
		plan.Duration = time.Hour
		start := time.Now()
		r, err := Run(ctx, plan, s.dial, nil)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != warmup+2500*ms {
			t.Errorf("it took %v: the holder must not hold until the planned end", took)
		}
		if r.Measured != 2500*ms || r.Ending != EndedEarly || r.Grants != 250 || r.PerSecond() != 100 {
			t.Errorf("got %d grants in %v until %s, %v a second; want 250 in 2.5s", r.Grants, r.Measured,
				r.Ending, r.PerSecond())
		}
		s.expectOver()
	})
}

// There is no report if a run ends in the warm-up or while it connects.
func TestEndedTooEarly(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		ctx, cancel := context.WithCancel(t.Context())
		s.after(warmup-ms, cancel)
		if r, err := Run(ctx, contended(), s.dial, nil); r != nil || !errors.Is(err, ErrNothing) {
			t.Errorf("got %v, %v, want ErrNothing", r, err)
		}
		s.expectOver()
		if r, err := Run(ctx, contended(), s.dial, nil); r != nil || !errors.Is(err, ErrNothing) {
			t.Errorf("while connecting: got %v, %v, want ErrNothing", r, err)
		}
	})
}

// A failed connection is the error of the run, and the other connections are closed.
func TestDialFails(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		refused := errors.New("refused")
		first, connected := make(chan struct{}, 1), make(chan struct{})
		_, err := Run(t.Context(), contended(), func(ctx context.Context) (*wsclient.Client, error) {
			select {
			case first <- struct{}{}:
				defer close(connected)
				return s.dial(ctx)
			case <-connected:
				return nil, refused
			}
		}, nil)
		if !errors.Is(err, refused) {
			t.Errorf("got %v, want %v", err, refused)
		}
		if s.expectOver(); len(s.clients) != 1 {
			t.Errorf("%d clients were made, want 1", len(s.clients))
		}
	})
}

// Progress is reported every second, even in the warm-up.
func TestProgress(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		plan := contended()
		plan.Hold, plan.Warmup, plan.Duration = 350*ms, 1200*ms, 2*time.Second
		var told []string
		if _, err := Run(t.Context(), plan, s.dial, func(p Progress) {
			told = append(told, fmt.Sprintf("%v: %d", p.Measured, p.Grants))
		}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(told, ", "); got != "-200ms: 0, 800ms: 2, 1.8s: 5" {
			t.Errorf("got %s", got)
		}
	})
}

// A worker notices the end a little late. A request that is sent between the end and that moment did not wait at the
// end. A request that is granted in between did.
func TestNoticedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(goodPlan(), []locker{&fake{step: 1, takes: 10 * ms}})
		r.begin, r.end = time.Now(), time.Now().Add(5*ms)
		w := r.workers[0]
		for range 2 { // the first is granted after the end, the second is requested after the end
			if err := w.turn(t.Context(), &r.checks[0]); err != nil {
				t.Error(err)
			}
		}
		got := r.report(EndedByDuration, 5*ms, nil)
		if got.Grants != 0 || got.Waiting != 1 || got.LongestWait != 5*ms {
			t.Errorf("%d grants, %d waited, for %v; want none, 1, 5ms", got.Grants, got.Waiting,
				got.LongestWait)
		}
	})
}
