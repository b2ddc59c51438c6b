package core

import (
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/shrinkmap"
)

// A session is what the broker knows of the client under one name: the requests that were sent and have not ended.
type session struct {
	name     string
	next     int64                   // the n of the next id
	requests shrinkmap.Map[*Request] // those that were sent and have not ended, by n
	releases releases                // the Async ones that the broker has not confirmed yet
	lease    Lease
}

// OpenID returns a new id, for a message that needs one. There must be a connection. The caller must send messages in
// the order of their ids.
func (m *Machine) OpenID() wire.ID {
	id := wire.ID{Session: m.session.name, N: m.session.next}
	m.session.next++
	return id
}

// request returns the request with that id, or nil if it is not open.
func (s *session) request(id wire.ID) *Request {
	if id.Session != s.name {
		return nil
	}
	return s.requests.Get(id.N)
}
