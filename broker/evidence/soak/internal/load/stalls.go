//go:build linux

package load

import (
	"context"
	"sync"
	"time"
)

const (
	stallTick  = 20 * time.Millisecond
	shortStall = 100 * time.Millisecond // shorter ones do not count
)

// A stalls measures for how long the process was frozen or got no processor, so that this time does not count as a
// broken promise.
type stalls struct {
	mu    sync.Mutex
	last  time.Time
	total time.Duration

	counted   time.Duration // what count has returned of total so far
	countedAt time.Time
}

func (s *stalls) watch(ctx context.Context) {
	tick := time.NewTicker(stallTick)
	defer tick.Stop()
	for {
		s.sum()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// sum returns for how long the process has been stalled so far.
func (s *stalls) sum() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if gap := now.Sub(s.last); !s.last.IsZero() && gap > shortStall {
		s.total += gap
	}
	s.last = now
	return s.total
}

// count returns for how long the process has been stalled since the last call, and how long ago that was.
func (s *stalls) count() (stalled, ran time.Duration) {
	total := s.sum()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !s.countedAt.IsZero() {
		ran = now.Sub(s.countedAt)
	}
	stalled = total - s.counted
	s.counted, s.countedAt = total, now
	return stalled, ran
}
