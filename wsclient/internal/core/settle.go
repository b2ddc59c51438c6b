package core

// Claim gives the caller of r its lock if r holds, and reports whether it does. The caller must call [Machine.Tick]
// just before: the process may have been frozen since the grant was read. From then on the lock is lost with its
// connection. Before that, r would be submitted again if it can move.
func (m *Machine) Claim(r *Request) bool {
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
// MinHold: then Release first does what is due by then, and r may linger.
func (m *Machine) Release(r *Request, at Instant) {
	if r.MinHold > 0 {
		m.Tick(at)
	}
	m.stop(r, &m.released)
	if m.drains && m.conn != nil {
		m.withdraw() // the waiters that were inside r
	}
	if r.state != holding {
		return
	}
	m.deadlines.remove(r)
	if over := r.term.begin.Mono + r.MinHold; r.MinHold > 0 && at.Mono < over && !m.conn.draining {
		m.linger(r, over)
	} else {
		m.sendRelease(r)
	}
}

// sendRelease tells the broker to release r.
func (m *Machine) sendRelease(r *Request) {
	r.state = releasing
	m.send(Release, r)
}
