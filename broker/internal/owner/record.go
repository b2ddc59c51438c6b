package owner

import (
	"bytes"
	"slices"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A record is what the owner knows of the sessions on record, and of the changes that are on their way there.
type record struct {
	sessions map[string]*entry
	found    []cluster.Session // those that were on record at the takeover, until TakeSessions
	reading  bool              // a read of the sessions is under way
	readFor  int64             // the term in which it began

	changes   []change // not acknowledged, the oldest first
	owner     bool     // the next write puts the owner
	ownerMark Mark     // of the last change to the owner
	last      Mark     // the last mark
	confirmed Mark     // all marks up to it are on record
	floor     Mark     // marks up to it belong to an earlier ownership
}

// An entry is a session that is on record, or will be.
type entry struct {
	session cluster.Session
	mark    Mark // of its last change
}

// forget forgets everything at the end of an ownership.
func (r *record) forget() {
	*r = record{
		reading: r.reading, readFor: r.readFor,
		last: r.last, confirmed: r.last, floor: r.last,
	}
}

// WantsSessions reports whether the caller must read the sessions from the store now. If so, the read has begun.
func (m *Machine) WantsSessions(now Instant) bool {
	r := &m.record
	if m.role != loading || r.reading || now.Mono < m.chain.retryAt {
		return false
	}
	r.reading, r.readFor = true, m.owner.Term
	return true
}

// SessionsRead passes on what the store has returned for WantsSessions. The machine keeps the sessions.
func (m *Machine) SessionsRead(now Instant, sessions []cluster.Session, err error) {
	r := &m.record
	r.reading = false
	switch {
	case m.role != loading || r.readFor != m.owner.Term: // of an ownership that has ended
	case err != nil:
		m.chain.retryAt = now.Mono + m.config.retry()
	default:
		r.sessions, r.found = make(map[string]*entry, len(sessions)), sessions
		for _, s := range sessions {
			r.sessions[s.ID] = &entry{session: s}
		}
		m.role = serving
	}
}

// TakeSessions returns the sessions that were on record at the takeover, as the store has returned them. It returns
// them only once.
func (m *Machine) TakeSessions() []cluster.Session {
	found := m.record.found
	m.record.found = nil
	return found
}

// OnRecord returns how many sessions are on record, or will be.
func (m *Machine) OnRecord() int { return len(m.record.sessions) }

// Session returns a session that may be taken up. It returns false if the session is not on record: then the broker
// must refuse to take it up. The caller checks the secret, and does not take up requests whose tokens are revoked.
func (m *Machine) Session(id string) (cluster.Session, bool) {
	e := m.record.sessions[id]
	if e == nil || id == cluster.Others {
		return cluster.Session{}, false
	}
	return e.session, true
}

// Enter puts s on record, or changes what is on record about it. It gets no grant before the returned mark is on
// record. A new session must not have the ID of one that Session returns. The caller must not change s afterwards.
func (m *Machine) Enter(s cluster.Session) Mark {
	r := &m.record
	if m.role != serving {
		return r.mark() // which is never on record, because this ownership has ended
	}
	e := r.sessions[s.ID]
	if e == nil {
		e = new(entry)
		r.sessions[s.ID] = e
	} else if isSame(e.session, s) {
		return e.mark
	}
	return m.put(e, s)
}

func isSame(a, b cluster.Session) bool {
	return a.Identity == b.Identity && bytes.Equal(a.Key, b.Key) && slices.Equal(a.Revoked, b.Revoked)
}

func (m *Machine) put(e *entry, s cluster.Session) Mark {
	e.session = s
	e.mark = m.record.queue(change{id: s.ID, put: s})
	return e.mark
}

// Revoke puts on record that the request with that fencing token has lost its locks. They may be granted to others
// once the returned mark is on record. A session that is not on record cannot come back, so its mark only waits for
// what is under way.
func (m *Machine) Revoke(id string, token int64) Mark {
	e := m.record.sessions[id]
	if e == nil || id == cluster.Others {
		return m.record.latest()
	}
	s := e.session
	s.Revoked = append(slices.Clip(s.Revoked), token)
	return m.put(e, s)
}

// Strike takes the session off the record. If it has ended against the client's will, its locks may be granted to
// others once the returned mark is on record.
func (m *Machine) Strike(id string) Mark {
	if m.record.sessions[id] == nil {
		return m.record.latest()
	}
	delete(m.record.sessions, id)
	return m.record.queue(change{id: id, strike: true})
}
