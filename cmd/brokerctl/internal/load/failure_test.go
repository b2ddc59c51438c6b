package load

import (
	"errors"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// failing runs a plan for an hour, and calls a function after two seconds of measuring.
func failing(s *stage, happens func()) (*Report, error) {
	s.Helper()
	s.after(warmup+2*time.Second, happens)
	plan := contended()
	plan.Duration = time.Hour
	return Run(s.Context(), plan, s.dial, nil)
}

// expectFailure asserts that there are an error and a report of the time until then.
func expectFailure(t *testing.T, r *Report, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if r == nil || r.Ending != EndedByFailure || !errors.Is(r.Err, want) ||
		r.Measured != 2*time.Second || r.Grants < 200 || r.Grants > 203 {
		t.Errorf("got %+v, want 200 to 203 grants in 2s, and the failure", r)
	}
}

func TestConnectionEnds(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		r, err := failing(s, s.link.Cut)
		expectFailure(t, r, err, wsclient.ErrConnection)
	})
}

// A silent network is noticed when the lease ends.
func TestNetworkFreezes(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		r, err := failing(s, s.link.Freeze)
		if !errors.Is(err, wsclient.ErrConnection) || r == nil || r.Grants != 200 ||
			r.Measured > 12*time.Second {
			t.Errorf("got %+v, %v, want 200 grants and ErrConnection within ten seconds", r, err)
		}
		s.link.Cut()
	})
}

func TestBrokerStops(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		r, err := failing(s, func() { go s.broker.Stop() })
		if !errors.Is(err, wsclient.ErrShuttingDown) && !errors.Is(err, wsclient.ErrConnection) {
			t.Errorf("got %v", err)
		}
		if r == nil || r.Measured != 2*time.Second {
			t.Errorf("got %+v", r)
		}
	})
}

// After a failure in the warm-up there is no report.
func TestFailsTooEarly(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.after(500*ms, s.link.Cut)
		r, err := Run(t.Context(), contended(), s.dial, nil)
		if r != nil || !errors.Is(err, wsclient.ErrConnection) {
			t.Errorf("got %+v, %v", r, err)
		}
	})
}

// An eviction is not a violation, although the next holder may be granted the lock before the victim notices its
// loss.
func TestEvicted(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		r, err := failing(s, func() {
			c := s.other()
			defer c.Close()
			for lock, err := range c.Info(s.Context(), nil) {
				if err != nil {
					t.Error(err)
					return
				}
				if err := c.Evict(s.Context(), lock.Holders[0].ID, "enough"); err != nil {
					t.Error(err)
				}
			}
		})
		expectFailure(t, r, err, wsclient.ErrLost)
		s.expectIdle()
	})
}
