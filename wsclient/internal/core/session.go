package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/shrinkmap"
)

// A session is what the broker knows of the client under one name: the requests that were sent and have not ended. It
// may survive its connection: see resume.go.
type session struct {
	name     string
	next     int64                   // the n of the next id
	requests shrinkmap.Map[*Request] // those that were sent and have not ended, by n
	releases releases                // the Async ones that the broker has not confirmed yet
	lease    Lease

	secret      string   // to take it up on another connection; "": it ends with its connection
	tried       []string // secrets of later connections on which the broker has not answered the statement: see try
	triedSince  Instant  // when the first of them was tried
	isLeaseOver bool     // the lease has ended, while there was no connection
}

// OpenID returns a new id, for a message that needs one. There must be a connection. The caller must send messages in
// the order of their ids.
func (m *Machine) OpenID() wire.ID {
	id := wire.ID{Session: m.session.name, N: m.session.next}
	m.session.next++
	return id
}

// Session returns the name of the session, or "" if there is none. It differs from that in the hello of the connection
// if the session was taken up.
func (m *Machine) Session() string {
	if m.session == nil {
		return ""
	}
	return m.session.name
}

// Urgency returns how long the lease lasts of a session without a connection. It is 0 if there is no hurry to take one
// up: there is none, or the broker has ended it long ago. Even if the session has no requests, and if its lease has
// ended, the next broker may grant nothing to others until it has come back.
func (m *Machine) Urgency(at Instant) time.Duration {
	s := m.session
	if m.conn != nil || s == nil || at.Since(s.lease.Heard) > 2*s.lease.Timeout {
		return 0
	}
	return s.lease.Length()
}

// CanResume reports whether the client can take up the session on another connection.
func (m *Machine) CanResume() bool { return m.session != nil && m.session.secret != "" }

// request returns the request with that id, or nil if it is not open.
func (s *session) request(id wire.ID) *Request {
	if id.Session != s.name {
		return nil
	}
	return s.requests.Get(id.N)
}
