package snapshot

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// version is the version of the format.
const version = 1

// A line is a header, a session, a request or the end.
type line struct {
	Version   int      `json:"lockbroker_snapshot,omitzero"`
	TimeoutMS int64    `json:"timeout_ms,omitzero"`
	Clean     bool     `json:"clean,omitzero"`
	Session   *session `json:"session,omitzero"`
	Request   *request `json:"request,omitzero"`
	Lines     int      `json:"lines,omitzero"` // the end: how many sessions and requests came before it
}

type session struct {
	Name     string `json:"name"`
	Client   string `json:"client,omitzero"`
	Remote   string `json:"remote,omitzero"`
	Identity string `json:"identity,omitzero"`
	Key      []byte `json:"key"`
	Kept     bool   `json:"kept,omitzero"`
}

type request struct {
	ID     wire.ID         `json:"id"`
	Locks  []wire.LockSpec `json:"locks"`
	Author string          `json:"author,omitzero"`
	Parent wire.ID         `json:"parent,omitzero"`
	Token  int64           `json:"token,omitzero"`
	AgeNS  int64           `json:"age_ns,omitzero"`
	WaitNS wire.Opt[int64] `json:"wait_ns,omitzero"`
	HoldNS int64           `json:"hold_ns,omitzero"`
}

// Write writes a snapshot.
func Write(to io.Writer, s core.Snapshot) error {
	w := writer{to: bufio.NewWriter(to)}
	w.line(line{Version: version, TimeoutMS: s.Timeout.Milliseconds(), Clean: s.Clean})
	for i := range s.Sessions {
		w.line(line{Session: sessionOf(&s.Sessions[i])})
	}
	for saved := range s.Requests {
		w.line(line{Request: requestOf(&saved)})
	}
	w.line(line{Lines: w.lines - 1})
	if w.err == nil {
		w.err = w.to.Flush()
	}
	if w.err != nil {
		return fmt.Errorf("write snapshot: %w", w.err)
	}
	return nil
}

type writer struct {
	to    *bufio.Writer
	lines int
	err   error
}

func (w *writer) line(l line) {
	if w.err != nil {
		return
	}
	w.lines++
	if w.err = json.MarshalWrite(w.to, l); w.err == nil {
		w.err = w.to.WriteByte('\n')
	}
}

func sessionOf(s *core.SavedSession) *session {
	return &session{
		Name: s.Name, Client: s.Peer.Client, Remote: s.Peer.Remote, Identity: s.Peer.Identity,
		Key: s.Key[:], Kept: s.Kept,
	}
}

func requestOf(r *locktable.Saved) *request {
	saved := &request{
		ID: r.ID, Locks: r.Locks, Author: r.Author, Parent: r.Parent, Token: r.Token,
		AgeNS: r.Age.Nanoseconds(), HoldNS: r.Hold.Nanoseconds(),
	}
	if r.Wait != locktable.Forever {
		saved.WaitNS = wire.Some(r.Wait.Nanoseconds())
	}
	return saved
}

// Read reads a snapshot that Write has written.
func Read(text []byte) (core.Snapshot, error) {
	var r reader
	for len(text) > 0 && !r.ended {
		var row []byte
		row, text, _ = bytes.Cut(text, []byte("\n"))
		if err := r.read(row); err != nil {
			return core.Snapshot{}, fmt.Errorf("read snapshot: line %d: %w", r.lines+1, err)
		}
		r.lines++
	}
	if !r.ended || len(text) > 0 {
		return core.Snapshot{}, errors.New("read snapshot: it is not whole")
	}
	r.snapshot.Requests = slices.Values(r.requests)
	return r.snapshot, nil
}

type reader struct {
	snapshot core.Snapshot
	requests []locktable.Saved
	names    map[string]bool
	ids      map[wire.ID]bool
	lines    int
	ended    bool
}

func (r *reader) read(row []byte) error {
	var l line
	if err := json.Unmarshal(row, &l); err != nil {
		return errors.New("not a line of a snapshot")
	}
	switch {
	case r.lines == 0:
		return r.header(&l)
	case l.Session != nil && len(r.requests) == 0:
		return r.session(l.Session)
	case l.Request != nil:
		return r.request(l.Request)
	case l.Lines == r.lines-1:
		r.ended = true
		return nil
	}
	return errors.New("not what must come here")
}

func (r *reader) header(l *line) error {
	if l.Version != version {
		return fmt.Errorf("version %d: want %d", l.Version, version)
	}
	if l.TimeoutMS < 1 || l.TimeoutMS > wire.MaxMillis {
		return fmt.Errorf("timeout_ms: want 1 to %d", wire.MaxMillis)
	}
	r.snapshot.Timeout = time.Duration(l.TimeoutMS) * time.Millisecond
	r.snapshot.Clean = l.Clean
	r.names, r.ids = make(map[string]bool), make(map[wire.ID]bool)
	return nil
}

func (r *reader) session(s *session) error {
	saved := core.SavedSession{
		Name: s.Name, Peer: wire.Peer{Client: s.Client, Remote: s.Remote, Identity: s.Identity},
		Kept: s.Kept,
	}
	switch {
	case s.Name == "" || r.names[s.Name]:
		return errors.New("a session without a name of its own")
	case len(s.Key) != len(saved.Key):
		return errors.New("key: not a hash")
	}
	copy(saved.Key[:], s.Key)
	r.names[s.Name] = true
	r.snapshot.Sessions = append(r.snapshot.Sessions, saved)
	return nil
}

// request adds a request. Those of which the lock table would have been sure must be checked here.
func (r *reader) request(s *request) error {
	saved := locktable.Saved{
		ID: s.ID, Locks: s.Locks, Author: s.Author, Parent: s.Parent, Token: s.Token,
		Age: time.Duration(s.AgeNS), Hold: time.Duration(s.HoldNS), Wait: locktable.Forever,
	}
	if wait, given := s.WaitNS.Get(); given {
		saved.Wait = time.Duration(wait)
	}
	limits := wire.DefaultLimits()
	limits.NameBytes, limits.AuthorBytes, limits.LocksPerRequest = 1<<20, 1<<20, 1<<20
	if err := wire.Check(&wire.Acquire{ID: s.ID, Locks: s.Locks, Author: s.Author}, limits); err != nil {
		return err
	}
	if !s.ID.Valid() || !r.names[s.ID.Session] || r.ids[s.ID] {
		return errors.New("id: not a new request of one of the sessions")
	}
	if saved.Age < 0 || saved.Hold < 0 || saved.Wait < 0 {
		return errors.New("a negative duration")
	}
	if err := r.checkToken(saved.Token); err != nil {
		return err
	}
	r.ids[s.ID] = true
	r.requests = append(r.requests, saved)
	return nil
}

// checkToken checks that the tokens of holders rise, and that waiters, which have none, come after them.
func (r *reader) checkToken(token int64) error {
	last := int64(-1) // of the request before
	if n := len(r.requests); n > 0 {
		last = r.requests[n-1].Token
	}
	switch {
	case token < 0 || token > wire.MaxInteger:
		return errors.New("token: out of range")
	case token > 0 && last == 0:
		return errors.New("a request that holds comes after one that waits")
	case token > 0 && last >= token:
		return errors.New("token: not greater than the one before")
	}
	return nil
}
