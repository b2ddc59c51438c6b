package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/internal/statedir"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// ErrNoTokens is what Run returns when the last fencing token, 2^53-1, has been
// given out: it drains then. At a million grants a second that takes 285 years.
var ErrNoTokens = errors.New("broker: no fencing tokens are left")

// A tokenSource says which fencing tokens a run may give out.
type tokenSource interface {
	start() beginning
	// reserve makes sure that later runs begin at limit or above, and know for
	// how long there may be stale holders, should this run end now. It waits for the
	// disk.
	reserve(limit int64, believe time.Duration) error
	// stop ends the run. Believe is 0 when there can be no stale holder any
	// more.
	stop(believe time.Duration) error
	// close gives back what was opened.
	close() error
}

// A beginning is what a run begins with.
type beginning struct {
	first    int64         // its first token, greater than all of the runs before
	grace    time.Duration // how long clients of earlier runs may be stale holders
	restored bool          // what the run before has left is perhaps not the latest
	warning  string        // what is wrong with the clock, or ""
}

// clockTokens start at the microseconds of the clock. They rise over restarts if
// the clock is not set back and grants are fewer than a million a second.
type clockTokens struct{}

func (clockTokens) start() beginning                   { return beginning{first: time.Now().UnixMicro()} }
func (clockTokens) reserve(int64, time.Duration) error { return nil }
func (clockTokens) stop(time.Duration) error           { return nil }
func (clockTokens) close() error                       { return nil }

// savedTokens go on above what the last run had reserved, and not below the clock.
type savedTokens struct {
	dir     *statedir.Dir
	timeout time.Duration // of this run
}

func (s savedTokens) start() beginning {
	state, used := s.dir.State()
	b := beginning{restored: s.dir.Restored()}
	b.first, b.warning = firstToken(state.Next, time.Now())
	switch {
	case b.restored: // nobody knows how the last run has ended, nor its timeout
		b.grace = max(state.Timeout, s.timeout)
	case used && !state.Clean:
		b.grace = state.Timeout
	}
	return b
}

const (
	// clockEnds is when the clock is not counted on any more, in microseconds since
	// 1970: the beginning of the year 2100. A clock that is wrong by centuries would
	// use up the tokens, which last until the year 2255.
	clockEnds = 4_102_444_800_000_000
	// clockLag is by how much the clock may be behind the tokens without a word. Each
	// start puts it a second behind.
	clockLag = time.Hour
)

// firstToken is the first of a run that has found stored, 0 at the first use: that, or the
// microseconds of the clock if they are more. Stored may be a copy from a backup; runs after
// it have begun at the clock, too, and do not get ahead of it unless they grant a million
// times a second. So this run begins above them. It returns as well what is wrong, if the clock
// cannot be counted on for that.
func firstToken(stored int64, clock time.Time) (first int64, warning string) {
	micros := max(clock.UnixMicro(), 1)
	first = max(stored, micros)
	switch behind := time.Duration(stored-micros) * time.Microsecond; {
	case micros >= clockEnds:
		return max(stored, 1), "the clock of this machine is past the year 2100, and is not counted on: tokens go on from the state directory alone"
	case behind > clockLag:
		return first, "the clock of this machine is " + behind.Round(time.Second).String() +
			" behind the tokens: it was set back, or was once ahead. Tokens rise nevertheless, unless an older copy of the state directory is restored"
	}
	return first, ""
}

func (s savedTokens) reserve(limit int64, believe time.Duration) error {
	return s.dir.Save(statedir.State{Next: limit, Timeout: believe})
}

func (s savedTokens) stop(believe time.Duration) error {
	state, _ := s.dir.State()
	state.Clean, state.Timeout = believe == 0, believe
	return s.dir.Save(state)
}

func (s savedTokens) close() error { return s.dir.Close() }

func newTokenSource(config Config) (tokenSource, error) {
	if config.StateDir == "" {
		return clockTokens{}, nil
	}
	dir, err := statedir.Open(config.StateDir)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	return savedTokens{dir, config.Timeout}, nil
}

const (
	// tokenRange is how many tokens are reserved at a time: so many that the
	// disk is written to about once a second at the most, and so few that there
	// are enough for 2^33 restarts.
	tokenRange = 1 << 20
	// reserveRetry is how long a reservation waits that has failed, and complainEvery
	// how often the log says so.
	reserveRetry  = time.Second
	complainEvery = time.Minute
	// startWait is how long a run waits for its first tokens before it serves without.
	startWait = time.Second
)

// tokens are what the loop knows of them. They are reserved ahead, by a goroutine
// that waits for the disk in the loop's place.
type tokens struct {
	source  tokenSource
	ahead   int64 // how many are reserved at a time
	logger  zerolog.Logger
	timeout time.Duration // how long clients of this run may be stale holders

	limit   int64 // those below it are reserved
	allowed int64 // the table may give out those below it

	beginning
	graceEnds time.Duration // nothing is granted before

	asking   bool       // for more; the goroutine runs
	reserved chan int64 // its answer, the new limit
	give     context.CancelFunc
}

// startTokens reserves the first tokens. The loop's time begins now. Where the disk fails,
// or is slow, there are none yet: the run begins nevertheless, so that clients can wait
// and people can see why nothing is granted.
func startTokens(source tokenSource, ahead int64, config Config) (*tokens, error) {
	b := source.start()
	if b.first > wire.MaxInteger {
		return nil, ErrNoTokens
	}
	t := &tokens{
		source:    source,
		ahead:     ahead,
		logger:    config.Logger,
		timeout:   config.Timeout,
		beginning: b,
		limit:     b.first,
		allowed:   b.first,
		graceEnds: b.grace,
		reserved:  make(chan int64, 1),
		give:      func() {},
	}
	t.keepAhead(b.first, 0)
	select {
	case limit := <-t.reserved:
		t.arrived(limit)
	case <-time.After(startWait):
	}
	if b.grace == 0 {
		t.allowed = t.limit
	}
	return t, nil
}

// logStart says what is to be expected of tokens.
func (t *tokens) logStart(dir string) {
	if t.warning != "" {
		t.logger.Warn().Str("state_dir", dir).Int64("token", t.first).Msg(t.warning)
	}
	switch {
	case dir == "":
		t.logger.Info().Msg("no state directory: fencing tokens start from the clock of this machine, and rise over a restart only if it is not set back; " +
			"after a crash locks are granted at once, although there may be stale holders")
	case t.restored:
		t.logger.Warn().Str("state_dir", dir).Int64("token", t.first).Stringer("grace", t.grace).
			Msg("the state directory was restored from a copy, or moved: later runs may be missing from it. Tokens go on from the clock of this machine if that is more, " +
				"and nothing is granted until the clients of such runs have given up")
	case t.grace == 0:
		t.logger.Info().Str("state_dir", dir).Int64("token", t.first).Msg("fencing tokens go on from the state directory")
	default:
		t.logger.Warn().Str("state_dir", dir).Int64("token", t.first).Stringer("grace", t.grace).
			Msg("the last run did not stop cleanly: nothing is granted until its clients have given up")
	}
}

// inGrace reports whether clients of earlier runs may be stale holders.
func (t *tokens) inGrace(now time.Duration) bool { return now < t.graceEnds }

func (t *tokens) graceMS(now time.Duration) int64 {
	return max(t.graceEnds-now+time.Millisecond-1, 0).Milliseconds()
}

// believe returns for how long there may be stale holders, should the run end now.
func (t *tokens) believe(now time.Duration) time.Duration {
	if t.inGrace(now) {
		return max(t.grace, t.timeout)
	}
	return t.timeout
}

// keepAhead asks for more when half of what was reserved has been given out.
func (t *tokens) keepAhead(next int64, now time.Duration) {
	limit := min(next+t.ahead, wire.MaxInteger+1)
	if t.asking || limit <= t.limit || t.limit-next > t.ahead/2 {
		return
	}
	t.asking = true
	ctx, cancel := context.WithCancel(context.Background())
	t.give = cancel
	believe := t.believe(now)
	go func() { t.reserved <- t.reserve(ctx, limit, believe) }()
}

// reserve tries until it has succeeded, or ctx ends; then it returns 0.
func (t *tokens) reserve(ctx context.Context, limit int64, believe time.Duration) int64 {
	var complained time.Time
	for {
		err := t.source.reserve(limit, believe)
		if err == nil {
			return limit
		}
		if time.Since(complained) >= complainEvery {
			complained = time.Now()
			t.logger.Error().Err(err).Msg("fencing tokens cannot be reserved: nothing is granted when those at hand are used up")
		}
		select {
		case <-time.After(reserveRetry):
		case <-ctx.Done():
			return 0
		}
	}
}

// arrived takes in the answer.
func (t *tokens) arrived(limit int64) {
	t.asking = false
	t.give()
	t.limit = max(t.limit, limit)
}

// stop ends the run, with so many requests that still hold.
func (t *tokens) stop(held int, now time.Duration) error {
	t.give()
	if t.asking {
		t.arrived(<-t.reserved)
	}
	believe := t.believe(now)
	if held == 0 && !t.inGrace(now) {
		believe = 0
	}
	return t.source.stop(believe)
}

// keepTokens asks for more where that is due, and tells when there are none.
func (l *loop) keepTokens() {
	l.tokens.keepAhead(l.table.NextToken(), l.now())
	l.noteStanding()
}

// canAllow reports whether the table may give out tokens that it does not know of.
func (l *loop) canAllow() bool {
	return l.drain == nil && l.tokens.allowed < l.tokens.limit && !l.tokens.inGrace(l.now())
}

// allow lets the table give out all tokens that are reserved. Those who have waited for them are granted
// slice by slice.
func (l *loop) allow() {
	l.tokens.allowed = l.tokens.limit
	l.noteStanding() // before anybody is told of a grant
	l.deliver(l.table.Allow(l.now(), l.tokens.allowed, l.events[:0]))
}
