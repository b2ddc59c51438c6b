package core

import "github.com/lockbroker/lockbroker/broker/wire"

// An Async request is over for its caller when its release is queued. On the wire the release is quiet: if the broker
// releases the request, it sends nothing. So the request stays among those of the connection until something shows
// that the broker has handled the release. If the request is lost before that, the loss is its End, as for any other
// request, and the machine's caller can report it.
//
// The broker handles messages in order. So a reply about a request that was submitted later confirms the release. If
// there is no later request, the next ping brings a cancel of the request with it. The broker answers the cancel with
// not_found. A pong does not count, because the broker answers pings as soon as it has read them.

// releases are the releases of Async requests that the broker has not confirmed yet, in the order in which they were
// sent. They are a linked list, so that a release takes no memory.
type releases struct{ first, last *Request }

// unconfirmed is the place of a request among the releases.
type unconfirmed struct {
	previous, next *Request
	before         int64 // the least n that a later request can have
	asked          bool  // a cancel was sent after the release
}

func (l *releases) add(r *Request) {
	r.unconfirmed.previous = l.last
	if l.last == nil {
		l.first = r
	} else {
		l.last.unconfirmed.next = r
	}
	l.last = r
}

func (l *releases) remove(r *Request) {
	u := &r.unconfirmed
	if u.previous == nil {
		l.first = u.next
	} else {
		u.previous.unconfirmed.next = u.next
	}
	if u.next == nil {
		l.last = u.previous
	} else {
		u.next.unconfirmed.previous = u.previous
	}
	u.previous, u.next = nil, nil
}

// isUnconfirmed reports whether r is Async, and its release is on its way.
func (r *Request) isUnconfirmed() bool { return r.Async && r.state == releasing }

// awaitConfirmation adds r, whose release has just been sent. From then on r is not open.
func (m *Machine) awaitConfirmation(r *Request) {
	r.unconfirmed.before = m.session.next
	m.session.releases.add(r)
	m.open--
	if m.drains {
		m.askForConfirmation()
	}
}

// confirm ends the requests whose releases the broker has handled before it sent a reply about r.
func (m *Machine) confirm(r *Request) {
	for {
		head := m.session.releases.first
		if head == nil || head.unconfirmed.before > r.What.ID.N {
			return
		}
		m.end(head, &m.released)
	}
}

// confirmThrough ends r, and the requests that were released before it.
func (m *Machine) confirmThrough(r *Request) {
	for r.isUnconfirmed() {
		m.end(m.session.releases.first, &m.released)
	}
}

// AwaitsConfirmation reports whether there are releases that the broker has not confirmed.
func (m *Machine) AwaitsConfirmation() bool {
	return m.session != nil && m.session.releases.first != nil
}

// AskForConfirmation asks the broker to confirm the releases, for a client that is about to be closed.
func (m *Machine) AskForConfirmation() {
	if m.conn != nil {
		m.askForConfirmation()
	}
}

// askForConfirmation sends a cancel of the latest request in the list, once. It is called with each ping, and when the
// client drains or is about to be closed.
func (m *Machine) askForConfirmation() {
	if r := m.session.releases.last; m.conn != nil && r != nil && !r.unconfirmed.asked {
		r.unconfirmed.asked = true
		m.send(Cancel, r)
	}
}

// refuseAsync handles a refusal of r, whose release is not confirmed: the answer to a cancel, or to a release of a
// request that the broker did not see hold.
func (m *Machine) refuseAsync(r *Request, refusal *wire.Error) {
	if refusal.Code == wire.NotFound {
		m.confirmThrough(r)
	} else {
		m.end(r, &End{How: Refused, Refusal: refusal})
	}
}
