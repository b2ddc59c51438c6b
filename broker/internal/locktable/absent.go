package locktable

import (
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A session is absent while it has no connection and its client may take it up on another one. Its requests go on
// holding and waiting, and their deadlines count on. But it is granted nothing, because nobody would know, and its
// waiters stay in the way of those behind them, because they keep their places.

// Detach makes a session absent. It must be open, and not absent. A deadlock search for the session is abandoned: its
// client asks again. A steal of the session ends.
func (t *Table) Detach(name string) {
	s := t.openSession(name)
	if t.search != nil && t.search.candidate.session == s {
		t.abandonSearch()
	}
	s.absent = true
}

// Attach ends the absence of a session, whose client is now that peer. The caller then calls Recheck for all of its
// requests that wait.
func (t *Table) Attach(name string, peer wire.Peer, account *Account) {
	s := t.openSession(name)
	if !s.absent {
		panic("locktable: a session that is not absent: " + name)
	}
	s.absent, s.peer = false, peer
	s.moveTo(account)
}

// Recheck grants a request that waits and could not be granted because its session was absent.
func (t *Table) Recheck(now time.Duration, id wire.ID, events []Event) []Event {
	events = t.advance(now, events)
	if r := t.find(id); r != nil && r.state == waiting && r.recheckIndex < 0 {
		t.recheck.add(head{r})
	}
	return t.grantWaiting(events)
}

// A Status says what the table knows of a request.
type Status struct {
	Known bool
	Token int64 // the fencing token, if the request holds; otherwise 0
	Same  bool  // it asks for exactly the given locks
}

// Compare returns the status of a request, compared with what its client says of it.
func (t *Table) Compare(id wire.ID, locks []wire.LockSpec) Status {
	r := t.find(id)
	if r == nil || r.state == undecided || r.state == stealing {
		return Status{}
	}
	t.charge(len(locks))
	same := slices.EqualFunc(r.places(), locks, func(p place, spec wire.LockSpec) bool {
		return p.lock.name == spec.Name && p.claim == claimOf(spec)
	})
	return Status{Known: true, Token: r.token, Same: same}
}

// EachRequest calls visit for the numbers of the requests of a session that hold, in the order of their grants, or of
// those that wait, in the order of their arrival. It begins after the request with the number after, or at the first
// if after is -1. It stops after about budget requests. If it is not done, call it again with the number that it
// returns. If that request has ended in the meantime, it begins again.
func (t *Table) EachRequest(name string, held bool, after int64, budget int, visit func(n int64)) (next int64, done bool) {
	s := t.sessions.Get(name)
	if s == nil {
		return 0, true
	}
	r := s.waiting.first
	if held {
		r = s.holding.first
	}
	if after >= 0 {
		if last := s.requests.get(after); last != nil && (last.state == holding) == held {
			r = last.next
		}
	}
	for ; budget > 0 && r != nil; r = r.next {
		visit(r.n)
		after = r.n
		budget--
		t.charge(1)
	}
	return after, r == nil
}

// Knows reports whether there is a session of that name.
func (t *Table) Knows(session string) bool { return t.sessions.Get(session) != nil }

// OpenRequests returns how many requests of a session wait or hold.
func (t *Table) OpenRequests(name string) int {
	if s := t.sessions.Get(name); s != nil {
		return s.requests.len
	}
	return 0
}

// openSession returns the session of that name, which must be open.
func (t *Table) openSession(name string) *session {
	s := t.sessions.Get(name)
	if s == nil || s.leaving {
		panic("locktable: a session that is not open: " + name)
	}
	return s
}

// moveTo makes the requests of s count in another account.
func (s *session) moveTo(account *Account) {
	for _, change := range []struct {
		account *Account
		sign    int
	}{{s.account, -1}, {account, +1}} {
		if change.account != nil {
			change.account.InUse += change.sign * s.inUse
			change.account.Waiting += change.sign * s.usage.Waiting
		}
	}
	s.account = account
}
