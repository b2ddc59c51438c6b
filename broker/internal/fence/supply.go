package fence

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
)

const (
	// ReserveRetry is how long Supply waits before it repeats a failed reservation, and
	// complainEvery is how often it logs the failure.
	ReserveRetry  = time.Second
	complainEvery = time.Minute
	// StartWait is how long a run waits for its first tokens before it starts to serve without
	// any.
	StartWait = time.Second
)

// A Supply stores reservations, one at a time, on a goroutine that waits for the disk. Only one
// goroutine, the loop's, may call its methods.
type Supply struct {
	source Source
	logger *slog.Logger

	reserved chan int64     // the result of the reservation under way
	running  sync.WaitGroup // its goroutine
	failures atomic.Int64
	cancel   context.CancelFunc
}

// NewSupply returns a supply that stores reservations in source.
func NewSupply(source Source, logger *slog.Logger) *Supply {
	return &Supply{source: source, logger: logger, reserved: make(chan int64, 1), cancel: func() {}}
}

// Reserve begins to store r. The result must be received from Reserved before the next call.
func (s *Supply) Reserve(r core.Reservation) {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.running.Go(func() {
		defer cancel()
		s.reserved <- s.reserve(ctx, r)
	})
}

// Reserved delivers the result of each reservation: its limit.
func (s *Supply) Reserved() <-chan int64 { return s.reserved }

// Failures returns how many attempts to store a reservation have failed.
func (s *Supply) Failures() int64 { return s.failures.Load() }

// AwaitFirst waits for the result of the first reservation. It returns false if the disk has failed or
// is slow: then the run starts without tokens, so that clients can already wait, and people can see
// why nothing is granted.
func (s *Supply) AwaitFirst() (limit int64, ok bool) {
	select {
	case limit := <-s.reserved:
		return limit, true
	case <-time.After(StartWait):
		return 0, false
	}
}

// Stop records the end of the run. stale and left are as in [Source].
func (s *Supply) Stop(stale time.Duration, left *core.Snapshot) error {
	s.cancel()
	s.running.Wait()
	return s.source.Stop(stale, left)
}

// Abandon gives up the reservation under way. Nothing is recorded. The source must no longer wait for anything.
func (s *Supply) Abandon() {
	s.cancel()
	s.running.Wait()
}

// reserve tries to store r until it succeeds or ctx ends. It returns the limit of r, or 0 if ctx has
// ended.
func (s *Supply) reserve(ctx context.Context, r core.Reservation) int64 {
	var complained time.Time
	for {
		err := s.source.Reserve(r)
		if err == nil {
			return r.Limit
		}
		s.failures.Add(1)
		if time.Since(complained) >= complainEvery {
			complained = time.Now()
			s.logger.LogAttrs(ctx, slog.LevelError, "fencing tokens cannot be reserved: "+
				"nothing will be granted once the reserved ones are used up",
				slog.String("error", err.Error()))
		}
		select {
		case <-time.After(ReserveRetry):
		case <-ctx.Done():
			return 0
		}
	}
}
