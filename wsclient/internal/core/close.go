package core

// Drain lets holders finish. It ends the requests that wait, and makes the machine refuse new ones, except inside
// locks that are held. See [Machine.IsDrained].
func (m *Machine) Drain() {
	if m.drains {
		return
	}
	m.drains, m.out.Changed = true, true
	m.withdraw()
	if m.conn != nil {
		m.askForConfirmation()
	}
}

// withdraw ends the requests that wait or are pending, except those inside locks that are held.
func (m *Machine) withdraw() {
	for r := range m.pending.InOrder() {
		if !m.isInsideHeld(r) {
			m.end(r, &m.withdrawn)
		}
	}
	if m.session == nil {
		return
	}
	for r := range m.session.requests.InOrder() {
		if r.state == waiting && !m.isInsideHeld(r) {
			m.send(Cancel, r) // a reply that crosses the cancel finds no request
			m.end(r, &m.withdrawn)
		}
	}
}

// isInsideHeld reports whether r is inside a lock that is held.
func (m *Machine) isInsideHeld(r *Request) bool {
	outer := m.enclosing(r)
	return outer != nil && outer.cause == nil
}

// Close ends the client for good, and closes its silent connections: by closing the client, its owner says that all
// holders have stopped. Calling it again has no effect.
func (m *Machine) Close(at Instant) {
	for _, s := range m.silences {
		m.out.Close = append(m.out.Close, s.owner)
	}
	m.silences, m.stale, m.out.Changed = nil, nil, true
	m.close(&End{How: Closed, Reason: ReasonClosed}, at)
}

// GiveUp ends the client for good because of err. Silent connections stay open until their sessions time out.
func (m *Machine) GiveUp(err error, at Instant) {
	m.close(&End{How: Closed, Reason: ReasonClosed, Err: err}, at)
}

// close ends the client, once.
func (m *Machine) close(how *End, at Instant) {
	if m.closed != nil {
		return
	}
	m.closed, m.out.Changed = how, true
	switch {
	case m.conn != nil:
		m.disconnect(at, how, ByCaller)
	case m.session != nil:
		if m.resumption != nil {
			m.out.Disconnect = Disconnect{Owner: m.resumption.conn.owner, End: how}
			m.resumption = nil
		}
		m.endSession(how, at)
	}
	for r := range m.pending.InOrder() {
		m.end(r, how)
	}
}
