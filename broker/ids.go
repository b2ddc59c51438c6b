package broker

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// ids are those of a session, as its reader checks them.
type ids struct {
	session string
	last    int64 // the greatest n that was used up, or -1
}

// admit uses up the number of an id that m opens, or says why it cannot; an id
// that m only names must be one of this session, for nobody may end what
// others hold.
func (i *ids) admit(m wire.Request) *wire.Error {
	id, opens := wire.RequestID(m)
	switch {
	case opens:
		return i.use(id)
	case id.Session == i.session:
		return nil
	}
	code := wire.NotFound
	if _, isRelease := m.(*wire.Release); isRelease {
		code = wire.NotHeld
	}
	return &wire.Error{ID: id, Code: code, Message: "not a request of this session"}
}

// use uses up the number of an id that opens a request, or says why it cannot.
func (i *ids) use(id wire.ID) *wire.Error {
	if id.Valid() && id.Session == i.session && id.N > i.last {
		i.last = id.N
		return nil
	}
	reason := fmt.Sprintf("want %s--n, n in decimal from 0", i.session)
	if i.last >= 0 {
		reason = fmt.Sprintf("want %s--n with n greater than %d", i.session, i.last)
	}
	return &wire.Error{ID: id, Code: wire.BadID, Message: reason}
}
