package core

import "time"

// A silence is a connection that has ended for the client, but not yet for the broker. As soon as the broker notices
// its end, it gives the locks to others, but their holders may only just have been told to stop. So the client does
// not close the network connection. It falls silent until the session timeout has ended the session.
type silence struct {
	owner any
	until time.Duration
}

// fallSilent begins a silence if a lock was held and the session has not timed out.
func (m *Machine) fallSilent(owner any, lease Lease, hasHeld bool, at Instant) Then {
	// This goes by the clock that is never set. If the wall clock was set forward, the broker has noticed
	// nothing. If the computer was suspended, the broker has ended the session itself.
	until := lease.Heard.Mono + lease.Timeout
	if !hasHeld || until <= at.Mono {
		return CloseNow
	}
	m.silences = append(m.silences, silence{owner, until})
	return FallSilent
}

// endSilences closes the silent connections whose sessions have timed out.
func (m *Machine) endSilences(at Instant) {
	if len(m.silences) == 0 {
		return
	}
	m.out.Changed = true
	silent := m.silences[:0]
	for _, s := range m.silences {
		if s.until <= at.Mono {
			m.out.Close = append(m.out.Close, s.owner)
		} else {
			silent = append(silent, s)
		}
	}
	clear(m.silences[len(silent):])
	m.silences = silent
}
