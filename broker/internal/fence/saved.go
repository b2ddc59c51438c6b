package fence

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/statedir"
)

// savedSource continues at the limit that the last run reserved, or at the clock if that is ahead.
type savedSource struct {
	dir     *statedir.Dir
	timeout time.Duration // the session timeout of this run
}

// Open returns a source that keeps its state in the directory path. timeout is the session timeout
// of this run. Only one source can use a directory at a time.
func Open(path string, timeout time.Duration) (Source, error) {
	dir, err := statedir.Open(path)
	if err != nil {
		return nil, err
	}
	return InDir(dir, timeout), nil
}

// InDir is like Open, but takes a directory that is already open. Closing the source closes it.
func InDir(dir *statedir.Dir, timeout time.Duration) Source { return savedSource{dir, timeout} }

func (s savedSource) Start() Beginning {
	state, used := s.dir.State()
	b := Beginning{Restored: s.dir.Restored()}
	b.First, b.Warning = firstToken(state.Next, time.Now())
	switch {
	case b.Restored: // how the last run ended, and its timeout, are unknown
		b.Grace = max(state.Timeout, s.timeout)
	case used && !state.Clean:
		b.Grace = state.Timeout
	}
	return b
}

const (
	// clockEnds is the time from which the clock is ignored, in microseconds since 1970: the
	// beginning of the year 2100. A clock that is centuries ahead would use up the tokens,
	// which last until the year 2255.
	clockEnds = 4_102_444_800_000_000
	// clockLag is how far the clock may be behind the tokens without a warning. Each start
	// reserves tokens worth about a second, so some lag is normal.
	clockLag = time.Hour
)

// firstToken returns the first token of a run, and a warning if the clock cannot be relied on.
// stored is the limit in the state directory, or 0 at the first use.
//
// The first token is the greater of stored and the clock's microseconds, because stored may come
// from a backup. Runs after that backup also started at the clock, and stay below it unless they
// grant more than a million times a second. So this run starts above them.
func firstToken(stored int64, clock time.Time) (first int64, warning string) {
	micros := max(clock.UnixMicro(), 1)
	first = max(stored, micros)
	switch behind := time.Duration(stored-micros) * time.Microsecond; {
	case micros >= clockEnds:
		return max(stored, 1), "this machine's clock is past the year 2100 and is ignored: " +
			"tokens continue from the state directory alone"
	case behind > clockLag:
		return first, "this machine's clock is " + behind.Round(time.Second).String() +
			" behind the fencing tokens: it was set back, or was once ahead. " +
			"Tokens rise all the same, unless an older copy of the state directory is restored"
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
