package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A session is a client's requests, and has at most one connection.
type session struct {
	name     string
	peer     wire.Peer
	requests requestSet              // by the n of session--n
	waiting  list[request, *request] // requests that wait or steal, in order of arrival
	holding  list[request, *request] // in order of grant
	account  *Account                // counts its requests too; or nil
	inUse    int                     // by its requests: see Account
	usage    Usage

	outlives  bool          // it outlives the table: see Outlive
	onRecord  bool          // its holders lose nothing before that is on record: see OnRecord
	absent    bool          // it has no connection, and is granted nothing: see Detach
	leaving   bool          // the session has left: it is granted nothing from then on
	leftAs    int64         // since it left: the count of Table.leaves then
	keep      time.Duration // since it left: its locks are kept until then
	unkeptAs  int64         // the count of Table.leaves when Unkeep was called; or 0
	keepIndex int           // its index in Table.keeps, or -1

	searched int64 // the number of the last deadlock search that has reached it
}

// before and setIndex order the sessions that are kept: first the one to be released first.
func (s *session) before(other *session) bool {
	return s.keep < other.keep || s.keep == other.keep && s.name < other.name
}

func (s *session) setIndex(i int) { s.keepIndex = i }

// keeps reports whether the locks of s are kept at now, once it has left.
func (s *session) keeps(now time.Duration) bool { return s.keep > now && s.unkeptAs == 0 }

// Open begins a session. Its name must be new.
func (t *Table) Open(name string, peer wire.Peer) {
	if t.sessions.Get(name) != nil {
		panic("locktable: session opened twice: " + name)
	}
	t.sessions.Set(name, &session{name: name, peer: peer, keepIndex: -1})
}

// Leave begins the end of a session, which must be open; it may be absent. From then on the session
// is granted nothing. The only calls that may follow for it are Unkeep and Drop.
//
// The session's locks are kept until the time keep. If that has passed, Drop releases them at
// once. A deadlock search for the session is abandoned: nobody waits for its answer. The requests
// that wait no longer count as waiting in the session's account, although Drop has yet to end them.
func (t *Table) Leave(name string, keep time.Duration) {
	s := t.sessions.Get(name)
	if s == nil {
		panic("locktable: a session that is not open: " + name)
	}
	if t.search != nil && t.search.candidate.session == s {
		t.abandonSearch()
	}
	t.forsake(s)
	t.leaves++
	if s.account != nil { // its client may already ask again on the next connection
		s.account.Waiting -= s.usage.Waiting
	}
	s.leaving, s.leftAs, s.keep = true, t.leaves, keep
	t.forgetIfEmpty(s)
}

// Unkeep says that the locks of a session that has left must not be kept any longer. Drop must be
// called again to release them. Unkeep does nothing if the session has nothing left.
func (t *Table) Unkeep(name string) {
	s := t.sessions.Get(name)
	if s == nil || !s.leaving {
		return
	}
	t.leaves++
	s.unkeptAs = t.leaves
	if s.keepIndex >= 0 {
		t.keeps.removeAt(s.keepIndex)
	}
}

// Drop ends the requests of a session that has left: first those that wait, then, unless its
// locks are kept, those that hold. It stops after budget places, or a few more, and reports
// whether it is done. If it is not, it must be called again.
func (t *Table) Drop(now time.Duration, name string, budget int, events []Event) ([]Event, bool) {
	events = t.advance(now, events)
	s := t.sessions.Get(name)
	if s == nil {
		return events, true
	}
	if !s.leaving {
		panic("locktable: drop of a session that has not left: " + name)
	}
	for budget > 0 && s.waiting.first != nil {
		r := s.waiting.first
		budget -= len(r.places())
		events = t.end(r, Event{Kind: Gone}, events)
	}
	for budget > 0 && s.holding.first != nil && !s.keeps(now) {
		r := s.holding.first
		budget -= len(r.places())
		events = t.end(r, Event{Kind: Gone}, events)
	}
	events = t.grantWaiting(events)
	if s.waiting.first == nil && s.holding.first != nil && s.keeps(now) && s.keepIndex < 0 {
		t.keeps.add(s)
	}
	return events, s.requests.len == 0 || s.keepIndex >= 0
}

// forgetIfEmpty forgets s if it has left and has no request.
func (t *Table) forgetIfEmpty(s *session) {
	if !s.leaving || s.requests.len > 0 {
		return
	}
	t.sessions.Delete(s.name)
	if s.keepIndex >= 0 {
		t.keeps.removeAt(s.keepIndex)
	}
}
