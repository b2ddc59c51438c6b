package fence

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// ErrNoTokens is returned when no fencing tokens are left. Package broker exports it.
var ErrNoTokens = errors.New("broker: no fencing tokens are left")

const (
	// Range is how many tokens are reserved at a time. That is enough for about a second at the
	// highest rate of grants, and the tokens last for 2^33 restarts.
	Range = 1 << 20
	// ReserveRetry is how long Supply waits before it repeats a failed reservation, and
	// complainEvery is how often it logs the failure.
	ReserveRetry  = time.Second
	complainEvery = time.Minute
	// StartWait is how long a run waits for its first tokens before it starts to serve without
	// any.
	StartWait = time.Second
)

// A Supply reserves tokens in advance, on a goroutine that waits for the disk. Only one goroutine,
// the loop's, may call its methods. Times are relative to Start.
type Supply struct {
	source  Source
	ahead   int64 // how many are reserved at a time
	logger  *slog.Logger
	timeout time.Duration // how long clients of this run may be stale holders

	beginning Beginning
	limit     int64 // tokens below it are reserved
	allowed   int64 // tokens below it may be given out

	reserving bool       // the goroutine is running
	reserved  chan int64 // its result, the new limit
	cancel    context.CancelFunc
}

// Start reserves the first tokens. ahead is how many tokens to reserve at a time, and timeout is
// the session timeout of this run. If the disk fails or is slow, the run starts without tokens.
// Then clients can already wait, and people can see why nothing is granted.
func Start(source Source, ahead int64, timeout time.Duration, logger *slog.Logger) (*Supply, error) {
	b := source.Start()
	if b.First > wire.MaxInteger {
		return nil, ErrNoTokens
	}
	s := &Supply{
		source:    source,
		ahead:     ahead,
		logger:    logger,
		timeout:   timeout,
		beginning: b,
		limit:     b.First,
		allowed:   b.First,
		reserved:  make(chan int64, 1),
		cancel:    func() {},
	}
	s.KeepAhead(b.First, 0)
	select {
	case limit := <-s.reserved:
		s.Add(limit)
	case <-time.After(StartWait):
	}
	if b.Grace == 0 {
		s.allowed = s.limit
	}
	return s, nil
}

// First returns the first token of the run.
func (s *Supply) First() int64 { return s.beginning.First }

// Allowed returns the limit below which tokens may be given out now.
func (s *Supply) Allowed() int64 { return s.allowed }

// IsUsedUp reports whether all reserved tokens are used up. next is the next token.
func (s *Supply) IsUsedUp(next int64) bool { return next >= s.limit }

// InGrace reports whether clients of earlier runs may still be stale holders.
func (s *Supply) InGrace(now time.Duration) bool { return now < s.GraceEnds() }

// GraceEnds returns the end of the grace period, or 0 if there is none.
func (s *Supply) GraceEnds() time.Duration { return s.beginning.Grace }

// GraceMS returns what is left of the grace period, in milliseconds, rounded up.
func (s *Supply) GraceMS(now time.Duration) int64 {
	return max(s.GraceEnds()-now+time.Millisecond-1, 0).Milliseconds()
}

// CanAllow reports whether Allow would raise the limit that Allowed returns.
func (s *Supply) CanAllow(now time.Duration) bool { return s.allowed < s.limit && !s.InGrace(now) }

// Allow allows all reserved tokens to be given out, and returns the new limit.
func (s *Supply) Allow() int64 {
	s.allowed = s.limit
	return s.allowed
}

// KeepAhead starts a reservation when at most half a reservation is left. next is the next token.
// The result arrives on Reserved.
func (s *Supply) KeepAhead(next int64, now time.Duration) {
	limit := min(next+s.ahead, wire.MaxInteger+1)
	if s.reserving || limit <= s.limit || s.limit-next > s.ahead/2 {
		return
	}
	s.reserving = true
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	stale := s.staleFor(now)
	go func() { s.reserved <- s.reserve(ctx, limit, stale) }()
}

// Reserved delivers the results of reservations. Pass each to Add.
func (s *Supply) Reserved() <-chan int64 { return s.reserved }

// Add takes limit, a result from Reserved: the tokens below it are now reserved.
func (s *Supply) Add(limit int64) {
	s.reserving = false
	s.cancel()
	s.limit = max(s.limit, limit)
}

// Stop records the end of the run. held is how many requests still hold locks.
func (s *Supply) Stop(held int, now time.Duration) error {
	s.cancel()
	if s.reserving {
		s.Add(<-s.reserved)
	}
	stale := s.staleFor(now)
	if held == 0 && !s.InGrace(now) {
		stale = 0
	}
	return s.source.Stop(stale)
}

// staleFor returns how long there may be stale holders if the run ended now.
func (s *Supply) staleFor(now time.Duration) time.Duration {
	if s.InGrace(now) {
		return max(s.beginning.Grace, s.timeout)
	}
	return s.timeout
}

// reserve tries until it succeeds or ctx ends. It returns limit, or 0 if ctx has ended.
func (s *Supply) reserve(ctx context.Context, limit int64, stale time.Duration) int64 {
	var complained time.Time
	for {
		err := s.source.Reserve(limit, stale)
		if err == nil {
			return limit
		}
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
