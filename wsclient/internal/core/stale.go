package core

import "time"

// When the lease ends while a session has no connection, its holders lose their locks, and need time to stop. If the
// client then takes up the session, the broker must not give their locks to others at once. So the client states these
// requests as held, and releases them when the session timeout would have ended the session. If the next broker allows
// less than the last one, and a request does not fit into a statement, the statement must wait.

// A staleHolder is a request that has lost its locks without a connection, and whose holder may still use them.
type staleHolder struct {
	request *Request
	until   time.Duration
}

// noteStaleHolder notes that r, which is about to end without a connection, may have a stale holder, at the longest
// until then.
func (m *Machine) noteStaleHolder(r *Request, until time.Duration, at Instant) {
	until = min(until, m.session.lease.Heard.Mono+m.session.lease.Timeout) // by this clock, as in fallSilent
	if r.state == holding && r.claimed && until > at.Mono {
		m.stale = append(m.stale, staleHolder{r, until})
	}
}

// hasStale reports whether the session has stale holders.
func (m *Machine) hasStale(at Instant) bool {
	for _, s := range m.stale {
		if s.request.What.ID.Session == m.session.name && s.until > at.Mono {
			return true
		}
	}
	return false
}

// isStale reports whether r may have a stale holder.
func (m *Machine) isStale(r *Request) bool {
	for _, s := range m.stale {
		if s.request == r {
			return true
		}
	}
	return false
}

// endStaleHolders releases the locks of stale holders that have had the time to stop.
func (m *Machine) endStaleHolders(at Instant) {
	if len(m.stale) == 0 {
		return
	}
	m.out.Changed = true
	left := m.stale[:0]
	for _, s := range m.stale {
		if s.until > at.Mono {
			left = append(left, s)
		} else if m.session != nil && m.session.name == s.request.What.ID.Session {
			m.send(Cancel, s.request)
		}
	}
	clear(m.stale[len(left):])
	m.stale = left
}
