package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// A pace is how much the table did in one call. The oracle does the same amount in its call. It
// decides for itself what to do next; the pace only says how much of that to do now. Other checks
// make sure that the table does not stop too early.
type pace struct {
	events   []Event // of the table, in the same call
	leftOver bool    // the table has left something to the next call
}

// answers reports whether the table answers the request with that id after that many events.
func (p *pace) answers(events int, id wire.ID) bool {
	return events < len(p.events) && p.events[events].ID == id
}

// grants reports whether the table grants a waiting request after that many events of the call.
// The acquire that is coming does not count, and neither does a steal.
func (p *pace) grants(events int, coming wire.ID) bool {
	if p == nil {
		return true
	}
	if events >= len(p.events) {
		return false
	}
	e := &p.events[events]
	return e.Kind == Granted && e.ID != coming && e.Steal == nil
}
