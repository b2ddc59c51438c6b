package fence

import (
	"errors"
	"io"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/snapshot"
	"github.com/lockbroker/lockbroker/broker/internal/statedir"
)

// savedSource continues at the limit that the last run reserved, or at the clock if that is ahead.
type savedSource struct {
	timeout time.Duration // the session timeout of this run

	// busy is full while a goroutine uses what follows: tokens are reserved, and changes of the record stored, on
	// different ones. It is a channel and not a mutex, because the disk may hang for long.
	busy chan struct{}
	dir  *statedir.Dir
	roll *statedir.Roll // nil until Start
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
func InDir(dir *statedir.Dir, timeout time.Duration) Source {
	return &savedSource{dir: dir, timeout: timeout, busy: make(chan struct{}, 1)}
}

// use waits until nobody else uses the directory, and returns the function that ends the use.
func (s *savedSource) use() (end func()) {
	s.busy <- struct{}{}
	return func() { <-s.busy }
}

func (s *savedSource) Start() core.Beginning {
	defer s.use()()
	state, used := s.dir.State()
	past := core.Past{Record: core.Record(state), Known: used, Restored: s.dir.Restored()}
	var damage error
	past.Snapshot, past.Damage = s.snapshot()
	past.Roll, damage = s.openRoll()
	past.Damage = errors.Join(past.Damage, damage)
	return core.Begin(past, s.timeout, time.Now().UnixMicro())
}

// snapshot returns what the last run has left, or nil. The error says what is wrong with it.
func (s *savedSource) snapshot() (*core.Snapshot, error) {
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

// openRoll opens the roll, and returns it as the last run has left it, or nil.
func (s *savedSource) openRoll() (*core.Roll, error) {
	roll, ok, err := s.dir.OpenRoll()
	if s.roll = roll; !ok {
		return nil, err
	}
	left := &core.Roll{}
	for _, e := range roll.Entries() {
		last := len(left.Sessions) - 1
		switch {
		case e.Session == "":
			left.Others = true
		case e.Revoked > 0:
			left.Sessions[last].Revoked = append(left.Sessions[last].Revoked, e.Revoked)
		default:
			entry := core.RollEntry{Session: e.Session, Identity: e.Identity}
			copy(entry.Key[:], e.Key)
			left.Sessions = append(left.Sessions, entry)
		}
	}
	return left, nil
}

func (s *savedSource) Reserve(r core.Reservation) error {
	defer s.use()()
	if s.roll != nil && s.roll.Exists() { // first: a state that is ahead of the roll makes it useless
		if err := s.roll.Change([]statedir.Entry{{Next: r.Limit}}); err != nil {
			return err
		}
	}
	return s.dir.Save(stateOf(r.Record()))
}

func (s *savedSource) Stop(stale time.Duration, left *core.Snapshot) error {
	defer s.use()()
	state, _ := s.dir.State()
	err := s.dir.Save(stateOf(core.Record(state).Stopped(stale)))
	if err != nil || left == nil {
		return err
	}
	return s.dir.SaveSnapshot(func(to io.Writer) error { return snapshot.Write(to, *left) })
}

func (s *savedSource) KeepsRecord() bool { return true }

func (s *savedSource) Record(changes []core.Change) error {
	var entries []statedir.Entry
	for i := range changes {
		entries = appendEntries(entries, &changes[i])
	}
	if len(entries) == 0 {
		return nil
	}
	defer s.use()()
	return s.roll.Change(entries)
}

// appendEntries adds a change as entries of the roll.
func appendEntries(entries []statedir.Entry, c *core.Change) []statedir.Entry {
	if c.Nothing {
		return entries
	}
	e := statedir.Entry{Session: c.Session, Identity: c.Identity, Ends: c.Ends, Revoked: c.Revoked}
	if c.Session != "" && !c.Ends && c.Revoked == 0 {
		e.Key = c.Key[:]
	}
	entries = append(entries, e)
	for _, token := range c.Revokes {
		entries = append(entries, statedir.Entry{Session: c.Session, Revoked: token})
	}
	return entries
}

func (s *savedSource) Close() error { return s.dir.Close() }

func stateOf(r core.Record) statedir.State { return statedir.State(r) }
