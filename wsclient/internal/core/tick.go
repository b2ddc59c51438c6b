package core

import (
	"fmt"
	"math"
	"time"
)

// Tick does what is due at that time. The lease ends first, then a connection whose broker is silent, then requests
// whose time is over, then silences and stale holders. Other steps that take an instant call Tick first: see doc.go.
func (m *Machine) Tick(at Instant) {
	m.checkLease(at)
	m.checkAnswer(at)
	m.checkResumption(at)
	for r := m.deadlines.first(); r != nil && r.due <= at.Mono; r = m.deadlines.first() {
		switch r.state {
		case pending, waiting:
			m.timeOut(r)
		case lingering:
			m.endLinger(r)
		default:
			m.expire(r, at)
		}
	}
	m.endSilences(at)
	m.endStaleHolders(at)
	m.stateIfDue(at)
}

// checkLease does what is due when the lease ends.
func (m *Machine) checkLease(at Instant) {
	if m.session == nil || m.session.isLeaseOver {
		return
	}
	left := m.session.lease.Left(at)
	if left > 0 {
		return
	}
	ended := &End{How: Disconnected, Reason: ReasonLease, Lease: m.session.lease, Late: -left}
	if m.conn != nil {
		m.disconnect(at, ended, FallSilent)
	} else {
		ended.Because = m.last
		m.endLease(ended, at)
		if m.config.NoReconnect {
			m.endWithSession(fmt.Errorf("the broker has moved, and within %v there was no other",
				m.session.lease.Length()), at)
		}
	}
}

// Deadline returns the earliest Mono at which something is due, if anything is. The caller must call [Machine.Tick]
// at that time, and may call it earlier.
func (m *Machine) Deadline() (mono time.Duration, ok bool) {
	consider := func(due time.Duration) {
		if !ok || due < mono {
			mono, ok = due, true
		}
	}
	if m.session != nil && !m.session.isLeaseOver {
		consider(m.session.lease.end())
	}
	if m.conn != nil && m.conn.expects.isOpen {
		consider(m.conn.expects.due)
	}
	if m.resumption != nil {
		consider(m.resumption.lease.end())
		if m.resumption.due > 0 {
			consider(m.resumption.due)
		}
	}
	if r := m.deadlines.first(); r != nil {
		consider(r.due)
	}
	for _, s := range m.silences {
		consider(s.until)
	}
	for _, s := range m.stale {
		consider(s.until)
	}
	return mono, ok
}

// expire ends a request whose term is over, and frees its lock on the broker. A later reply about it finds no
// request.
func (m *Machine) expire(r *Request, at Instant) {
	m.send(Cancel, r)
	m.end(r, &End{How: Lost, Request: r, Reason: ReasonExpired, Late: -r.term.left(at)})
}

// Valid reports whether the lock of r counts as held at that time.
func (m *Machine) Valid(r *Request, at Instant) bool {
	m.Tick(at)
	m.checkTerm(r, at)
	return r.cause == nil
}

// WouldBeValid returns what Valid would return for a request that holds or is covered. It is no step: it changes
// nothing.
func (m *Machine) WouldBeValid(r *Request, at Instant) bool {
	if r.cause != nil || r.state != holding && r.state != covered {
		return false
	}
	left, _ := m.leaseOf(r, at)
	return left > 0
}

// checkTerm ends r, and the lenders of r, if their terms are over on any of the clocks. Tick looks only at the one
// that is never set.
func (m *Machine) checkTerm(r *Request, at Instant) {
	if r.state == holding && r.term.isOver(at) {
		m.expire(r, at)
	}
	for _, lender := range r.lenders {
		m.checkTerm(lender, at)
	}
}

// checkTermsAround ends the requests around r whose terms are over on any of the clocks. So r cannot borrow from
// them.
func (m *Machine) checkTermsAround(r *Request, at Instant) {
	for outer := r.Outer; outer != nil; outer = outer.Outer {
		if outer.machine == m {
			m.checkTerm(outer, at)
		}
	}
}

// LeaseOf returns for how long the lock of r counts as held if the broker sends nothing more, and for how long the
// broker cannot have given it to others. Both are 0 if the lock is not held.
func (m *Machine) LeaseOf(r *Request, at Instant) (left, kept time.Duration) {
	if !m.Valid(r, at) {
		return 0, 0
	}
	return m.leaseOf(r, at)
}

// leaseOf is LeaseOf for a lock that is held.
func (m *Machine) leaseOf(r *Request, at Instant) (left, kept time.Duration) {
	left, kept = math.MaxInt64, math.MaxInt64
	if !r.IsCovered() {
		left, kept = m.session.lease.Left(at), m.session.lease.Kept(at)
		if r.term.hold > 0 { // the broker's count ends later, but the client does not know by how much
			left, kept = min(left, r.term.left(at)), min(kept, r.term.left(at))
		}
	}
	for _, lender := range r.lenders {
		otherLeft, otherKept := m.leaseOf(lender, at)
		left, kept = min(left, otherLeft), min(kept, otherKept)
	}
	return left, kept
}
