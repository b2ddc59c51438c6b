package fence

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
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

func (s savedSource) Start() core.Beginning {
	state, used := s.dir.State()
	past := core.Past{Record: core.Record(state), Known: used, Restored: s.dir.Restored()}
	return core.Begin(past, s.timeout, time.Now().UnixMicro())
}

func (s savedSource) Reserve(r core.Reservation) error {
	return s.dir.Save(statedir.State(r.Record()))
}

func (s savedSource) Stop(stale time.Duration) error {
	state, _ := s.dir.State()
	return s.dir.Save(statedir.State(core.Record(state).Stopped(stale)))
}

func (s savedSource) Close() error { return s.dir.Close() }
