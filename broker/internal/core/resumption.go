package core

import (
	"cmp"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Claim says which session a client wants to take up, and why it may.
type Claim struct {
	Session  string
	Identity string
	Keys     []Key // one of them must be right
}

// Equal reports whether both are about the same session, with the same keys.
func (c Claim) Equal(other Claim) bool {
	return c.Session == other.Session && c.Identity == other.Identity && slices.Equal(c.Keys, other.Keys)
}

// A Resumption takes up a session on another connection. The client states everything that it holds and waits for. What
// it leaves out has ended for it, for example because a release was on its way when the connection broke.
//
// The caller adds the statement ([Resumption.Add]), and then calls Check, Settle, Attach and Recheck in this order. All
// but Attach do a part of their work in a call, and report whether they are done. If not, the caller calls them again,
// perhaps after it has served others. Until Settle nothing changes.
type Resumption struct {
	Claim   Claim
	Held    []wire.HeldRequest
	Waiting []wire.WaitingRequest

	// May says what the client may acquire. It is for requests that only the client knows of. nil: everything.
	May locktable.Check

	// The following is known once Settle is done.

	Holds   []int64               // the numbers of the requests that hold, of those stated as held
	Lost    []int64               // the others
	Granted []wire.Granted        // stated as waiting, and already granted
	Missing []wire.WaitingRequest // stated as waiting, and not known

	at     int   // the next request of a list to look at
	order  []int // in which reclaim takes in the stated requests
	open   int   // how many requests the session had when compare began
	after  int64 // for EachRequest
	phase  int
	ended  []int64 // requests of the session that the client has not stated
	queued []int64 // requests that wait, as stated

	rekeying recordState
}

// NewResumption returns a resumption without a statement.
func NewResumption(claim Claim) *Resumption { return &Resumption{Claim: claim, after: -1} }

// Add adds a part of the statement. It returns false if the numbers do not rise.
func (r *Resumption) Add(m *wire.Resume) bool {
	if n, k := len(r.Held), len(m.Held); n > 0 && k > 0 && m.Held[0].N <= r.Held[n-1].N {
		return false
	}
	if n, k := len(r.Waiting), len(m.Waiting); n > 0 && k > 0 && m.Waiting[0].N <= r.Waiting[n-1].N {
		return false
	}
	r.Held = append(r.Held, m.Held...)
	r.Waiting = append(r.Waiting, m.Waiting...)
	return true
}

// Size returns how many requests have been stated.
func (r *Resumption) Size() int { return len(r.Held) + len(r.Waiting) }

// Last returns the greatest number that has been stated, or -1.
func (r *Resumption) Last() int64 {
	last := int64(-1)
	if n := len(r.Held); n > 0 {
		last = r.Held[n-1].N
	}
	if n := len(r.Waiting); n > 0 {
		last = max(last, r.Waiting[n-1].N)
	}
	return last
}

// sessionFor returns the session that the claim is about, if it may be taken up and a key is right, or nil. A session
// that lasts only over a move of the broker may be taken up only once it is absent.
func (m *Machine) sessionFor(claim *Claim) *lasting {
	s := m.lastings.byName[claim.Session]
	if s == nil || s.doomed || s.identity != claim.Identity || !s.kept && !s.absent ||
		!slices.Contains(claim.Keys, s.key) {
		return nil
	}
	return s
}

// MayTakeUp reports whether the session of the claim may be taken up now, and a key is right.
func (m *Machine) MayTakeUp(claim *Claim) bool { return m.sessionFor(claim) != nil }

// IsTaken reports whether another connection is taking up the session that r wants.
func (m *Machine) IsTaken(r *Resumption) bool {
	s := m.lastings.byName[r.Claim.Session]
	return s != nil && s.taker != nil && s.taker != r
}

// Check reports whether the session may be taken up with the statement of r: its session lasts, a key is right, and
// what the client says of each request can be true. A call looks at about budget requests. When it is done and ok,
// nobody else can take up the session until Attach or GiveUp. While somebody else takes it up, Check is not done. Then
// the key of that one is the right one.
func (m *Machine) Check(r *Resumption, budget int) (ok, done bool) {
	s := m.sessionFor(&r.Claim)
	if s == nil {
		return false, true
	}
	if s.taker != nil && s.taker != r {
		r.at = 0 // what was true before may not be true after it
		return true, false
	}
	for ; budget > 0 && r.at < r.Size(); r.at++ {
		budget--
		if !m.canBe(s, r, r.at) {
			return false, true
		}
	}
	if r.at < r.Size() {
		return true, false
	}
	s.taker, r.at = r, 0
	return true, true
}

// canBe reports whether what r says of its request i can be true.
func (m *Machine) canBe(s *lasting, r *Resumption, i int) bool {
	if i < len(r.Held) {
		held := &r.Held[i]
		if s.missing {
			return held.Token < m.ledger.beginning.First && !r.isWaiting(held.N)
		}
		if held.Token >= m.table.NextToken() || r.isWaiting(held.N) {
			return false
		}
		status := m.table.Compare(wire.ID{Session: r.Claim.Session, N: held.N}, held.Locks)
		return !status.Known || status.Same && status.Token == held.Token
	}
	waits := &r.Waiting[i-len(r.Held)]
	status := m.table.Compare(wire.ID{Session: r.Claim.Session, N: waits.N}, waits.Locks)
	return !status.Known || status.Same
}

// isHeld and isWaiting report whether the request with that number is stated as held, or as waiting.
func (r *Resumption) isHeld(n int64) bool {
	_, found := slices.BinarySearchFunc(r.Held, n, func(h wire.HeldRequest, n int64) int {
		return cmp.Compare(h.N, n)
	})
	return found
}

func (r *Resumption) isWaiting(n int64) bool {
	_, found := slices.BinarySearchFunc(r.Waiting, n, func(w wire.WaitingRequest, n int64) int {
		return cmp.Compare(w.N, n)
	})
	return found
}

// GiveUp ends a resumption whose connection has ended. The session stays absent.
func (m *Machine) GiveUp(r *Resumption) {
	if s := m.lastings.byName[r.Claim.Session]; s != nil && s.taker == r {
		s.taker = nil
	}
}

// The phases of Settle.
const (
	reclaim     = iota // if the session was on record when the last run crashed: take in what is stated
	findHolders        // find the requests that hold and were not stated
	findWaiters        // the same for those that wait
	endOthers          // end them
	compare            // find out what has become of the stated ones; again if some have ended meanwhile
	settled
)

// Settle ends the requests of the session that the client has not stated, and finds out what has become of the others.
// A call looks at about budget requests, or ends one of them. The session must be absent, and Check done.
func (m *Machine) Settle(
	now time.Duration, r *Resumption, budget int, events []locktable.Event,
) (_ []locktable.Event, done bool) {
	s := m.lastings.byName[r.Claim.Session]
	if r.phase == reclaim && (s == nil || !s.missing) {
		r.phase = findHolders
	}
	switch r.phase {
	case reclaim:
		events = m.reclaim(now, s, r, events)
	case findHolders, findWaiters:
		m.findOthers(r, budget)
	case endOthers:
		events = m.endOther(now, r, events)
	case compare:
		m.compareSome(now, r, budget)
	case settled:
		if r.open != m.table.OpenRequests(r.Claim.Session) { // while the caller waited for Rekey
			m.beginCompare(r)
		}
	}
	return events, r.phase == settled
}

// findOthers finds requests that the client has not stated.
func (m *Machine) findOthers(r *Resumption, budget int) {
	var all bool
	held := r.phase == findHolders
	r.after, all = m.table.EachRequest(r.Claim.Session, held, r.after, budget, func(n int64) {
		if !r.isHeld(n) && !r.isWaiting(n) || m.isSteal(r, n) {
			r.ended = append(r.ended, n)
		}
	})
	if all {
		r.phase, r.after = r.phase+1, -1
	}
}

// endOther ends a request that the client has not stated. It ends only one, because the caller must tell of it before
// the table's next call.
func (m *Machine) endOther(now time.Duration, r *Resumption, events []locktable.Event) []locktable.Event {
	if r.at < len(r.ended) {
		events = m.endUnstated(now, wire.ID{Session: r.Claim.Session, N: r.ended[r.at]}, events)
		r.at++
	}
	if r.at == len(r.ended) {
		r.ended = nil
		m.beginCompare(r)
	}
	return events
}

// compareSome finds out what has become of some of the stated requests.
func (m *Machine) compareSome(now time.Duration, r *Resumption, budget int) {
	for ; budget > 0 && r.at < r.Size(); r.at++ {
		budget--
		m.compare(r, r.at)
	}
	switch {
	case r.at < r.Size():
	case r.open != m.table.OpenRequests(r.Claim.Session):
		m.beginCompare(r)
	default:
		r.phase, r.at = settled, 0
		if s := m.lastings.byName[r.Claim.Session]; s != nil && s.missing {
			m.came(s, now)
		}
	}
}

// Rekey puts the key of the new connection, whose session has the name with, on record, if the session is kept.
// Settle must be done. It reports whether Attach may be called; if not, the caller calls Rekey again after Recorded,
// and then Settle, because requests may have ended meanwhile.
func (m *Machine) Rekey(r *Resumption, with string) (done bool) {
	s, next := m.lastings.byName[r.Claim.Session], m.lastings.byName[with]
	switch {
	case s == nil || s.taker != r:
		return true
	case s.demoted:
		return s.recorded == offRecord
	case s.recorded == offRecord && !(next.kept && m.record.keeps):
		return true
	case !m.ledger.hasReserved(): // a crash may still use the snapshot of the last run, which has the old key
		return false
	}
	if r.rekeying == offRecord {
		r.rekeying = beingRecorded
		s.key, s.kept = next.key, true
		m.putOnRecord(s, func() { r.rekeying = onRecord })
	}
	return r.rekeying == onRecord
}

// isSteal reports whether a request of the session steals. Steals end with the connection on which they were made.
func (m *Machine) isSteal(r *Resumption, n int64) bool {
	return m.table.Compare(wire.ID{Session: r.Claim.Session, N: n}, nil).Steals
}

// beginCompare begins the comparison, or begins it again. The session is absent, so no request is added or granted. If
// it has fewer requests at the end than at the beginning, some have ended that may have been looked at before.
func (m *Machine) beginCompare(r *Resumption) {
	r.phase, r.at, r.open = compare, 0, m.table.OpenRequests(r.Claim.Session)
	r.Holds, r.Lost, r.Granted, r.Missing, r.queued = nil, nil, nil, nil, nil
}

// endUnstated ends a request that its client no longer has.
func (m *Machine) endUnstated(now time.Duration, id wire.ID, events []locktable.Event) []locktable.Event {
	switch status := m.table.Compare(id, nil); {
	case !status.Known:
		return events
	case status.Token > 0:
		return m.Release(now, wire.Release{ID: id, Quiet: true}, events)
	}
	return m.Cancel(now, id, events)
}

// compare finds out what has become of request i of the statement.
func (m *Machine) compare(r *Resumption, i int) {
	if i < len(r.Held) {
		n := r.Held[i].N
		if m.table.Compare(wire.ID{Session: r.Claim.Session, N: n}, nil).Token > 0 {
			r.Holds = append(r.Holds, n)
		} else {
			r.Lost = append(r.Lost, n)
		}
		return
	}
	waits := r.Waiting[i-len(r.Held)]
	id := wire.ID{Session: r.Claim.Session, N: waits.N}
	switch status := m.table.Compare(id, nil); {
	case !status.Known:
		r.Missing = append(r.Missing, waits)
	case status.Token > 0:
		r.Granted = append(r.Granted, wire.Granted{ID: id, Token: status.Token})
	default:
		r.queued = append(r.queued, waits.N)
	}
}

// Attach makes the session go on with the connection of the session with the name with, which lasts and has no
// requests. That session is gone. Settle must be done. It returns false if the session has ended in the meantime: then
// nothing has changed.
func (m *Machine) Attach(r *Resumption, with string, peer wire.Peer, account *locktable.Account) bool {
	s := m.lastings.byName[r.Claim.Session]
	if s == nil || s.taker != r || !s.absent {
		return false
	}
	s.taker = nil
	m.attach(s, m.lastings.byName[with], peer, account)
	return true
}

// Recheck grants what could not be granted while the session was absent. Attach must be done.
func (m *Machine) Recheck(
	now time.Duration, r *Resumption, budget int, events []locktable.Event,
) (_ []locktable.Event, done bool) {
	next := min(r.at+budget, len(r.queued))
	events = m.table.Recheck(now, r.Claim.Session, r.queued[r.at:next], events)
	r.at = next
	return events, r.at == len(r.queued)
}
