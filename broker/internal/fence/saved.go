package fence

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/statedir"
)

// savedSource continues above what the last run had reserved, and not below the clock.
type savedSource struct {
	dir     *statedir.Dir
	timeout time.Duration // the session timeout of this run
}

// Open returns a source that keeps its state in a directory. timeout is the session timeout of this
// run. Only one source can use a directory at a time.
func Open(path string, timeout time.Duration) (Source, error) {
	dir, err := statedir.Open(path)
	if err != nil {
		return nil, err
	}
	return InDir(dir, timeout), nil
}

// InDir is Open for a directory that is open already. Closing the source closes it.
func InDir(dir *statedir.Dir, timeout time.Duration) Source { return savedSource{dir, timeout} }

func (s savedSource) Start() Beginning {
	state, used := s.dir.State()
	b := Beginning{Restored: s.dir.Restored()}
	b.First, b.Warning = firstToken(state.Next, time.Now())
	switch {
	case b.Restored: // neither the end nor the timeout of the last run is known
		b.Grace = max(state.Timeout, s.timeout)
	case used && !state.Clean:
		b.Grace = state.Timeout
	}
	return b
}

const (
	// clockEnds is when the clock no longer counts, in microseconds since 1970: the beginning
	// of the year 2100. A clock that is wrong by centuries would use up the tokens, which last
	// until the year 2255.
	clockEnds = 4_102_444_800_000_000
	// clockLag is how far the clock may be behind the tokens without a warning. Each start puts
	// it a second behind.
	clockLag = time.Hour
)

// firstToken returns the first token of a run, and what is wrong with the clock if it cannot be
// relied on. stored is the limit in the state directory, 0 at the first use.
//
// The greater of stored and the microseconds of the clock counts, because stored may come from a
// backup. Runs after that backup have begun at the clock, too, and stay below it unless they grant
// a million times a second. So this run begins above them.
func firstToken(stored int64, clock time.Time) (first int64, warning string) {
	micros := max(clock.UnixMicro(), 1)
	first = max(stored, micros)
	switch behind := time.Duration(stored-micros) * time.Microsecond; {
	case micros >= clockEnds:
		return max(stored, 1), "the clock of this machine is past the year 2100 and does not count: " +
			"tokens continue from the state directory alone"
	case behind > clockLag:
		return first, "the clock of this machine is " + behind.Round(time.Second).String() +
			" behind the tokens: it was set back, or was once ahead. " +
			"Tokens rise nevertheless, unless an older copy of the state directory is restored"
	}
	return first, ""
}

func (s savedSource) Reserve(limit int64, stale time.Duration) error {
	return s.dir.Save(statedir.State{Next: limit, Timeout: stale})
}

func (s savedSource) Stop(stale time.Duration) error {
	state, _ := s.dir.State()
	state.Clean, state.Timeout = stale == 0, stale
	return s.dir.Save(state)
}

func (s savedSource) Close() error { return s.dir.Close() }
