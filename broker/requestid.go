package broker

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// ids checks the request ids that a client uses. Only the reader uses it.
type ids struct {
	last int64 // the greatest number used so far, or -1
}

// admit checks the id in m, and returns a refusal if it is not allowed. An id that opens a request
// must be new, and is used up by this. Any other id must name a request of this session: a client
// cannot release or cancel other clients' requests.
func (i *ids) admit(session string, m wire.Request) *wire.Error {
	id, opens := wire.RequestID(m)
	switch {
	case opens:
		return i.use(session, id)
	case id.Session == session:
		return nil
	}
	code := wire.NotFound
	if _, isRelease := m.(*wire.Release); isRelease {
		code = wire.NotHeld
	}
	return &wire.Error{ID: id, Code: code, Message: "not a request of this session"}
}

// use marks the number of id as used, or returns why id may not open a request.
func (i *ids) use(session string, id wire.ID) *wire.Error {
	if id.Valid() && id.Session == session && id.N > i.last {
		i.last = id.N
		return nil
	}
	reason := fmt.Sprintf("want %s--n, n in decimal from 0", session)
	if i.last >= 0 {
		reason = fmt.Sprintf("want %s--n with n greater than %d", session, i.last)
	}
	return &wire.Error{ID: id, Code: wire.BadID, Message: reason}
}
