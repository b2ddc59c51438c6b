package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Usage counts the locks and the waiting requests of a session.
type Usage struct {
	Holding int // how many locks it holds
	Waiting int // how many of its requests wait or steal
}

func (s *session) addWaiting(r *request) {
	s.waiting.append(r)
	s.countWaiting(+1)
}

func (s *session) removeWaiting(r *request) {
	s.waiting.remove(r)
	s.countWaiting(-1)
}

func (s *session) addHolding(r *request) {
	s.holding.append(r)
	s.usage.Holding += len(r.places())
}

func (s *session) removeHolding(r *request) {
	s.holding.remove(r)
	s.usage.Holding -= len(r.places())
}

// Usage returns the usage of a session. It is zero for a session that the table does not know.
func (t *Table) Usage(name string) Usage {
	if s := t.sessions.Get(name); s != nil {
		return s.usage
	}
	return Usage{}
}

// RequestsOf describes the first requests of a session, at most most of them, and fewer if they would
// use up Budget.Page: those that hold, in the order of their grants, and then the others, in the
// order of their arrival. Each is described as seen from its first lock.
func (t *Table) RequestsOf(
	now time.Duration, name string, most int, events []Event,
) ([]wire.RequestInfo, []Event) {
	events = t.advance(now, events)
	infos := []wire.RequestInfo{}
	s := t.sessions.Get(name)
	if s == nil {
		return infos, events
	}
	room := t.config.Budget.Page
	for _, first := range []*request{s.holding.first, s.waiting.first} {
		for r := first; r != nil && len(infos) < most && room > 0; r = r.next {
			info := t.describe(&r.places()[0])
			room -= t.config.Budget.requestSize(&info)
			infos = append(infos, info)
		}
	}
	return infos, events
}
