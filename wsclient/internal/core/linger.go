package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A request with a MinHold lingers if its caller releases it sooner. For the caller and for all calls inside, it has
// been released. The broker sees it hold until its MinHold has passed.
//
// The broker also sees locks that were acquired inside the request, and outlive it, as inside it. So while it lingers,
// the broker may find a deadlock that would end with the MinHold. The protocol has no message to tell it more.
//
// MinHold counts on the clock that is never set. If the computer was suspended meanwhile, the request lingers longer.

// linger keeps r on the broker until its MinHold is over.
func (m *Machine) linger(r *Request, over time.Duration) {
	r.state = lingering
	m.setDeadline(r, over)
	m.endInside(r)
}

// IsLingering reports whether the request with that id lingers.
func (m *Machine) IsLingering(id wire.ID) bool {
	if m.session == nil {
		return false
	}
	r := m.session.request(id)
	return r != nil && r.state == lingering
}

// endInside ends the requests that wait inside r, which lingers. Their caller has ignored that the context of r has
// ended. On the broker they would go on waiting inside r. It would treat a request that waits for r as if it waited
// for them, too, and might find a deadlock although r ends by itself.
func (m *Machine) endInside(r *Request) {
	for waiter := range m.session.requests.InOrder() {
		if waiter.state == waiting && waiter.parent == r {
			m.send(Cancel, waiter) // a reply that crosses the cancel finds no request
			m.end(waiter, outerLost(&m.released))
		}
	}
}

// endLinger releases r, whose MinHold is over.
func (m *Machine) endLinger(r *Request) {
	m.deadlines.remove(r)
	m.sendRelease(r)
}

// endLingers releases all requests that linger, because the broker is about to stop. It grants their locks to nobody
// before it has stopped, and it stops sooner if nothing is held.
func (m *Machine) endLingers() {
	for r := range m.session.requests.InOrder() {
		if r.state == lingering {
			m.endLinger(r)
		}
	}
}
