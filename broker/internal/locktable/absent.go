package locktable

import (
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A session is absent while it has no connection and its client may take it up on another one. The package comment
// says what that means for its requests ("Absence").

// Detach makes a session absent. It must be open, and not absent. A deadlock search for the session is abandoned: its
// client asks again. The steals of the session end when their turn comes.
func (t *Table) Detach(name string) {
	s := t.openSession(name)
	if s.absent {
		panic("locktable: a session that is absent already: " + name)
	}
	if t.search != nil && t.search.candidate.session == s {
		t.abandonSearch()
	}
	s.absent = true
}

// Attach ends the absence of a session, whose client is now that peer. From now on its requests count in account. The
// caller then calls Recheck for all of its requests that wait.
func (t *Table) Attach(name string, peer wire.Peer, account *Account) {
	s := t.openSession(name)
	if !s.absent {
		panic("locktable: a session that is not absent: " + name)
	}
	s.absent, s.peer = false, peer
	s.moveTo(account)
}

// Recheck grants those of the given requests of a session that could not be granted because the session was absent, in
// the order in which they arrived, or a slice of them. Requests that do not wait any longer are left alone.
func (t *Table) Recheck(now time.Duration, name string, numbers []int64, events []Event) []Event {
	if s := t.sessions.Get(name); s != nil {
		t.charge(len(numbers))
		for _, n := range numbers {
			if r := s.requests.get(n); r != nil && r.state == waiting && r.recheckIndex < 0 {
				t.recheck.add(head{r})
			}
		}
	}
	return t.advance(now, events)
}

// A Status says what the table knows of a request.
type Status struct {
	Known  bool
	Token  int64 // the fencing token, if the request holds; otherwise 0
	Same   bool  // it asks for exactly the given locks
	Steals bool  // it steals, and is not granted yet
}

// Compare returns the status of a request, compared with what its client says of it.
func (t *Table) Compare(id wire.ID, locks []wire.LockSpec) Status {
	r := t.find(id)
	if r == nil {
		return Status{}
	}
	t.charge(1 + len(locks))
	same := slices.EqualFunc(r.places(), locks, func(p place, spec wire.LockSpec) bool {
		return p.lock.name == spec.Name && p.claim == claimOf(spec)
	})
	return Status{Known: true, Token: r.token, Same: same, Steals: r.state == stealing}
}

// EachRequest calls visit for the numbers of the requests of a session that hold, in the order of their grants, or of
// those that wait, in the order of their arrival. It begins after the request with the number after, or at the first
// if after is -1. It stops after about budget requests. If it is not done, call it again with the number that it
// returns. If that request has ended in the meantime, it begins again.
func (t *Table) EachRequest(
	name string, held bool, after int64, budget int, visit func(n int64),
) (next int64, done bool) {
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

// HasLeft reports whether a session has left and still has requests.
func (t *Table) HasLeft(session string) bool {
	s := t.sessions.Get(session)
	return s != nil && s.leaving
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
