package core

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

func contains(requests []*Request, r *Request) bool { return slices.Contains(requests, r) }

// check checks, after a step, those invariants of doc.go that the state of a machine shows. timely says that the step
// took the instant at.
func check(m *Machine, requests []*Request, at Instant, timely bool) error {
	open, unconfirmed := 0, 0
	for _, r := range requests {
		if err := checkRequest(m, r); err != nil {
			return fmt.Errorf("%s: %w", r.Owner, err)
		}
		switch {
		case r.isUnconfirmed():
			unconfirmed++
		case isOpen(r):
			open++
		}
	}
	if err := cmp.Or(checkReleases(m, unconfirmed), checkSession(m)); err != nil {
		return err
	}
	if open != m.open {
		return fmt.Errorf("invariant 3: %d requests are open, not %d", open, m.open)
	}
	if m.IsDrained() != (m.drains && open+unconfirmed == 0 && len(m.silences)+len(m.stale) == 0) {
		return fmt.Errorf("invariant 10: drained: %t", m.IsDrained())
	}
	if timely {
		return checkTime(m, at)
	}
	return nil
}

func isOpen(r *Request) bool { return r.state >= pending && r.state < ended }

func isSent(r *Request) bool { return r.state >= waiting && r.state < ended }

func checkRequest(m *Machine, r *Request) error {
	if (r.state == ended) != (r.end != nil) || r.end != nil && r.cause == nil {
		return fmt.Errorf("invariant 5: state %d, end %v, cause %v", r.state, r.end, r.cause)
	}
	return cmp.Or(checkPlace(m, r), checkLoans(r), checkDeadline(m, r), checkLinger(r))
}

// checkPlace checks where r is.
func checkPlace(m *Machine, r *Request) error {
	if isSent(r) && m.session == nil {
		return fmt.Errorf("invariant 1: state %d without a session", r.state)
	}
	if r.state == holding && m.session.isLeaseOver {
		return errors.New("invariant 1: it holds, and the lease is over")
	}
	if r.state == pending && m.conn != nil && !m.conn.draining && r.What.ID.Session != m.session.name {
		return errors.New("invariant 2: it is pending")
	}
	isPending := r.order > 0 && m.pending.Get(r.order) == r
	isOnConn := m.session != nil && m.session.requests.Get(r.What.ID.N) == r
	if isPending != (r.state == pending) || isOnConn != isSent(r) {
		return fmt.Errorf("invariant 3: state %d, pending: %t, on the connection: %t", r.state, isPending,
			isOnConn)
	}
	return nil
}

// checkLoans checks the lenders and the borrowers of r.
func checkLoans(r *Request) error {
	for _, lender := range r.lenders {
		if r.cause == nil && (lender.cause != nil || lender.borrowers.Get(r.call) != r) {
			return fmt.Errorf("invariant 6: its lender %s", lender.Owner)
		}
	}
	for borrower := range r.borrowers.InOrder() {
		if r.cause != nil || borrower.cause != nil || !contains(borrower.lenders, r) {
			return fmt.Errorf("invariant 6: its borrower %s", borrower.Owner)
		}
	}
	return nil
}

func checkDeadline(m *Machine, r *Request) error {
	var want bool
	switch r.state {
	case pending:
		want = r.until > 0
	case waiting:
		want = r.until > 0 && m.conn == nil
	case holding:
		want = r.term.hold > 0
	case lingering:
		want = true
	}
	if got := r.place > 0; got != want || got && m.deadlines[r.place-1] != r {
		return fmt.Errorf("invariant 8: a deadline: %t", got)
	}
	return nil
}

// checkLinger checks that r is not lingering without a release, and does not wait inside a request that lingers.
func checkLinger(r *Request) error {
	if r.state == lingering && (r.cause == nil || r.cause.How != Released && len(r.lenders) == 0) {
		return fmt.Errorf("invariant 11: it lingers, and its cause is %v", r.cause)
	}
	if r.state == waiting && r.parent != nil && r.parent.state == lingering {
		return fmt.Errorf("invariant 11: it waits inside %s, which lingers", r.parent.Owner)
	}
	return nil
}

// checkReleases checks the list of that many unconfirmed releases.
func checkReleases(m *Machine, unconfirmed int) error {
	if m.session == nil {
		return nil // invariant 1
	}
	var last *Request
	for r := m.session.releases.first; r != nil; r = r.unconfirmed.next {
		if !r.isUnconfirmed() || r.unconfirmed.previous != last ||
			last != nil && last.unconfirmed.before > r.unconfirmed.before {
			return fmt.Errorf("invariant 12: %s is among the unconfirmed releases", r.Owner)
		}
		last = r
		unconfirmed--
	}
	if unconfirmed != 0 || m.session.releases.last != last {
		return fmt.Errorf("invariant 12: %d too few unconfirmed releases are in the list", unconfirmed)
	}
	return nil
}

// checkSession checks that a session without a connection can be taken up, and that one with a connection has a lease.
func checkSession(m *Machine) error {
	switch {
	case m.conn != nil && (m.session == nil || m.session.isLeaseOver || m.resumption != nil):
		return errors.New("invariant 13: the session of a connection")
	case m.resumption != nil && m.session == nil:
		return errors.New("invariant 13: there is nothing to take up")
	case m.conn == nil && m.session != nil && m.session.secret == "":
		return errors.New("invariant 13: a session without a secret has survived its connection")
	}
	return nil
}

// checkStatement checks the messages of a statement, and that nothing else is sent without a connection.
func checkStatement(m *Machine) error {
	o := m.Output()
	if m.conn == nil && o.Disconnect.End == nil && len(o.Send) > 0 {
		return errors.New("invariant 14: a message is sent without a connection")
	}
	for i, part := range o.Resume {
		limits := m.resumption.conn.hello.Limits
		if part.ID.N != int64(i) || part.More != (i < len(o.Resume)-1) {
			return fmt.Errorf("invariant 14: message %d is %s, more: %t", i, part.ID, part.More)
		}
		if err := codec.CheckFrame(part, limits); err != nil {
			return fmt.Errorf("invariant 14: %s of a statement: %w", part.ID, err)
		}
	}
	return nil
}

// checkMinHold checks that a release in the outputs comes no sooner than MinHold after the grant.
func checkMinHold(d *driver, message Message) error {
	if d.machine.conn == nil || d.machine.conn.draining {
		return nil
	}
	for _, r := range d.requests {
		if message.Kind == Release && r.What.ID == message.ID &&
			d.now.Mono < r.term.begin.Mono+r.MinHold {
			return fmt.Errorf("invariant 11: %s is released at %v, and was granted at %v", r.Owner,
				d.now.Mono, r.term.begin.Mono)
		}
	}
	return nil
}

func checkTime(m *Machine, at Instant) error {
	if m.session != nil && !m.session.isLeaseOver && m.session.lease.Left(at) <= 0 {
		return errors.New("invariant 7: the lease is over")
	}
	if due, ok := m.Deadline(); ok && due <= at.Mono {
		return fmt.Errorf("invariant 7: something is due at %v", due)
	}
	for i, r := range m.deadlines {
		if i > 0 && m.deadlines.Less(i, (i-1)/2) {
			return fmt.Errorf("invariant 7: %s is due before its parent in the heap", r.Owner)
		}
	}
	return nil
}

// checkEmpty checks that nothing is left of a client that has ended.
func checkEmpty(m *Machine) error {
	if due, ok := m.Deadline(); ok || m.open > 0 || m.pending.Len() > 0 || len(m.deadlines) > 0 || m.conn != nil ||
		m.session != nil || m.resumption != nil || len(m.stale) > 0 {
		return fmt.Errorf("left: deadline %v, %d open, %d pending", due, m.open, m.pending.Len())
	}
	return nil
}
