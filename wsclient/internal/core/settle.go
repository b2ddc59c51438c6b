package core

// A Settlement says what Settle has done for the caller of a request.
type Settlement uint8

const (
	// Unsettled says that the caller must go on waiting.
	Unsettled Settlement = iota
	// Claimed says that the caller has the lock.
	Claimed
	// Failed says that the request has ended, or was cancelled, because of the end that Settle returns.
	Failed
	// GaveUp says that Settle has cancelled the request because its caller gives up.
	GaveUp
)

// Settle gives the caller of r its lock, or says why it cannot. If the caller gives up, it cancels the request instead.
// From a claim on the lock is lost with its connection. Before that, r would be submitted again if it can move.
//
// The instant matters only if r is granted: the process may have been frozen since the grant was read, so Settle first
// does what is due by then.
func (m *Machine) Settle(r *Request, givesUp bool, at Instant) (Settlement, *End) {
	if r.state == holding {
		m.Tick(at)
		m.checkTerm(r, at)
	}
	switch {
	case r.end != nil:
		return Failed, r.end
	case givesUp:
		m.Cancel(r)
		return GaveUp, nil
	case r.state == holding && r.cause != nil: // a lender has lost a lock that this request borrows
		outer := outerLost(r.cause)
		m.Cancel(r)
		return Failed, outer
	case m.claim(r):
		return Claimed, nil
	}
	return Unsettled, nil
}

// claim gives the caller of r its lock if r holds, and reports whether it does.
func (m *Machine) claim(r *Request) bool {
	r.claimed = r.state == holding
	return r.claimed
}

// Cancel ends r for a caller that no longer wants it. It has an effect only while r is pending, waiting or holding.
// The cancel ends r on the broker even if a grant is on its way, so the caller need not wait for anything.
func (m *Machine) Cancel(r *Request) {
	switch r.state {
	case pending:
		m.end(r, &m.cancelled)
	case waiting, holding:
		r.state = cancelling
		m.deadlines.remove(r)
		m.stop(r, &m.cancelled)
		m.send(Cancel, r)
	}
}

// Release gives the locks of r back. Its borrowers no longer hold theirs either. The instant matters only if r has a
// MinHold or is Async: then Release first does what is due by then. So an Async request that is lost by then is not
// released. One with a MinHold may linger.
func (m *Machine) Release(r *Request, at Instant) {
	if r.MinHold > 0 || r.Async {
		m.Tick(at)
	}
	if r.Async {
		m.checkTerm(r, at)
	}
	m.stop(r, &m.released)
	if m.drains {
		m.withdraw() // the waiters that were inside r
	}
	if r.state != holding {
		return
	}
	m.deadlines.remove(r)
	if over := r.term.begin.Mono + r.MinHold; r.MinHold > 0 && at.Mono < over && !m.isDraining() {
		m.linger(r, over)
	} else {
		m.sendRelease(r)
	}
}

// isDraining reports whether there is a connection to a broker that is about to stop.
func (m *Machine) isDraining() bool { return m.conn != nil && m.conn.draining }

// sendRelease tells the broker to release r.
func (m *Machine) sendRelease(r *Request) {
	r.state = releasing
	m.send(Release, r)
	if r.Async {
		m.awaitConfirmation(r)
	}
}
