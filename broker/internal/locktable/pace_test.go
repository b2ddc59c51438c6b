package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// A pace is how far the table came in a call that does a slice of the work only. The
// oracle goes as far: what comes next is its own decision, how much of it in one call
// is the table's. That the table does not stop too early is checked by itself.
type pace struct {
	events   []Event // of the table, in the call that the oracle makes after it
	leftOver bool    // the table has left heads to the next call, some of which may not be grantable
}

// answers reports whether the table answers the request of that id after so many events.
func (p *pace) answers(events int, id wire.ID) bool {
	return events < len(p.events) && p.events[events].ID == id
}

// grants reports whether the table grants something after so many events of the
// call, but for the acquire that is coming.
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
