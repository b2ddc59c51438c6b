package broker

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// ids checks the ids that a session uses. It belongs to the reader.
type ids struct {
	last int64 // the greatest n that was used up, or -1
}

// admit uses up the number of an id that m opens, or returns why it may not. If m only names a
// request, it must be one of this session: a client cannot end the requests of others.
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

// use uses up the number of an id that opens a request, or returns why it may not.
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
