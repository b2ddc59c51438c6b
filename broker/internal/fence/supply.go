package fence

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// ErrNoTokens is the error of a run that has no fencing tokens left. The broker exports it.
var ErrNoTokens = errors.New("broker: no fencing tokens are left")

const (
	// Range is how many tokens are reserved at a time. They last about a second at the highest
	// rate of grants, and there are enough of them for 2^33 restarts.
	Range = 1 << 20
	// ReserveRetry is how long a failed reservation waits before it is tried again, and
	// complainEvery how often the log says so.
	ReserveRetry  = time.Second
	complainEvery = time.Minute
	// StartWait is how long a run waits for its first tokens before it serves without any.
	StartWait = time.Second
)

// A Supply reserves tokens ahead, on a goroutine that waits for the disk. Its methods belong to one
// goroutine, the loop. Times are counted from Start.
type Supply struct {
	source  Source
	ahead   int64 // how many are reserved at a time
	logger  zerolog.Logger
	timeout time.Duration // how long clients of this run may be stale holders

	beginning Beginning
	limit     int64 // tokens below it are reserved
	allowed   int64 // tokens below it may be given out

	reserving bool       // the goroutine runs
	reserved  chan int64 // its result, the new limit
	cancel    context.CancelFunc
}

// Start reserves the first tokens, ahead of them at a time. timeout is the session timeout of this
// run. If the disk fails or is slow, the run begins without tokens. Then clients can wait, and
// people can see why nothing is granted.
func Start(source Source, ahead int64, timeout time.Duration, logger zerolog.Logger) (*Supply, error) {
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

// Allowed returns the limit of the tokens that may be given out now.
func (s *Supply) Allowed() int64 { return s.allowed }

// IsUsedUp reports whether next, the next token, is not reserved.
func (s *Supply) IsUsedUp(next int64) bool { return next >= s.limit }

// InGrace reports whether clients of earlier runs may be stale holders.
func (s *Supply) InGrace(now time.Duration) bool { return now < s.GraceEnds() }

// GraceEnds returns the end of the grace period; 0 if there is none.
func (s *Supply) GraceEnds() time.Duration { return s.beginning.Grace }

// GraceMS returns what is left of the grace period, in milliseconds, rounded up.
func (s *Supply) GraceMS(now time.Duration) int64 {
	return max(s.GraceEnds()-now+time.Millisecond-1, 0).Milliseconds()
}

// CanAllow reports whether more tokens may be given out than Allowed says.
func (s *Supply) CanAllow(now time.Duration) bool { return s.allowed < s.limit && !s.InGrace(now) }

// Allow allows all tokens that are reserved, and returns the new limit.
func (s *Supply) Allow() int64 {
	s.allowed = s.limit
	return s.allowed
}

// KeepAhead reserves more tokens when half of the reserved ones were given out. next is the next
// token. The result arrives on Reserved.
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

// Add adds the tokens below limit, a result of Reserved.
func (s *Supply) Add(limit int64) {
	s.reserving = false
	s.cancel()
	s.limit = max(s.limit, limit)
}

// Stop ends the run. held is how many requests still hold.
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

// staleFor returns how long there may be stale holders if the run ends now.
func (s *Supply) staleFor(now time.Duration) time.Duration {
	if s.InGrace(now) {
		return max(s.beginning.Grace, s.timeout)
	}
	return s.timeout
}

// reserve tries until it succeeds or ctx ends. In the latter case it returns 0.
func (s *Supply) reserve(ctx context.Context, limit int64, stale time.Duration) int64 {
	var complained time.Time
	for {
		err := s.source.Reserve(limit, stale)
		if err == nil {
			return limit
		}
		if time.Since(complained) >= complainEvery {
			complained = time.Now()
			s.logger.Error().Err(err).
				Msg("fencing tokens cannot be reserved: " +
					"nothing is granted when those at hand are used up")
		}
		select {
		case <-time.After(ReserveRetry):
		case <-ctx.Done():
			return 0
		}
	}
}
