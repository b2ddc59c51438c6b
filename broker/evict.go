package broker

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// evict ends a request, whichever session it belongs to.
func (l *loop) evict(s *session, m *wire.Evict, now time.Duration) {
	events, known := l.core.Evict(now, m.Request, core.NameOf(s.peer), m.Message, l.events[:0])
	if !known {
		l.writeAudit(s, m, verdict{code: wire.NotFound})
		l.deliver(events)
		l.reply(s, &wire.Error{ID: m.ID, Code: wire.NotFound, Message: "no such request"})
		return
	}
	l.writeAudit(s, m, l.verdictOnEvict(m.Request, events))
	l.deliver(events)
	l.reply(s, &wire.Evicted{ID: m.ID})
}

// verdictOnEvict sums up what an evict has done. events are those that it caused and that are not
// delivered yet.
func (l *loop) verdictOnEvict(id wire.ID, events []locktable.Event) (v verdict) {
	for i := range events {
		if e := &events[i]; e.ID == id && (e.Lost == wire.LostEvicted || e.Kind == locktable.Evicted) {
			v.victims, v.count = []wire.RequestInfo{l.table.Subject(e, 0)}, 1
		}
	}
	return v
}
