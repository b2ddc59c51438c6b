package fence

import (
	"io"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/snapshot"
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
	past.Snapshot, past.Damage = s.snapshot()
	return core.Begin(past, s.timeout, time.Now().UnixMicro())
}

// snapshot returns what the last run has left, or nil. The error says what is wrong with it.
func (s savedSource) snapshot() (*core.Snapshot, error) {
	text, err := s.dir.Snapshot()
	if err != nil || text == nil {
		return nil, err
	}
	left, err := snapshot.Read(text)
	if err != nil {
		return nil, err
	}
	return &left, nil
}

func (s savedSource) Reserve(r core.Reservation) error {
	return s.dir.Save(statedir.State(r.Record()))
}

func (s savedSource) Stop(stale time.Duration, left *core.Snapshot) error {
	state, _ := s.dir.State()
	err := s.dir.Save(statedir.State(core.Record(state).Stopped(stale)))
	if err != nil || left == nil {
		return err
	}
	return s.dir.SaveSnapshot(func(to io.Writer) error { return snapshot.Write(to, *left) })
}

func (s savedSource) Close() error { return s.dir.Close() }
