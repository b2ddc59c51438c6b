package broker

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

const noSuchRequest = "no such request"

// evict ends a request, whichever session it belongs to.
func (l *loop) evict(s *session, m *wire.Evict, now time.Duration) {
	if refusal, locks := l.mayEvict(s, m, now); refusal != nil {
		l.writeAudit(s, m, verdict{code: refusal.Code, lacks: wire.MayEvict, locks: locks})
		l.reply(s, refusal)
		return
	}
	events, known := l.core.Evict(now, m.Request, core.NameOf(s.peer), m.Message, l.events[:0])
	if !known {
		l.writeAudit(s, m, verdict{code: wire.NotFound})
		l.deliver(events)
		l.reply(s, &wire.Error{ID: m.ID, Code: wire.NotFound, Message: noSuchRequest})
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

// mayEvict returns why s may not evict a request, and the locks of that request. It returns nil if s
// may evict it, or if the request is not known.
func (l *loop) mayEvict(
	s *session, m *wire.Evict, now time.Duration,
) (refusal *wire.Error, locks []string) {
	if s.rights == nil || m.Request.Session == s.name {
		return nil, nil
	}
	locks, events := l.core.LocksOf(now, m.Request, l.events[:0])
	l.deliver(events)
	may := 0
	for _, lock := range locks {
		if s.rights.permissions.Allows(access.Evict, lock) {
			may++
		}
	}
	switch {
	case may == len(locks): // also if there is no such request
		return nil, nil
	case may == 0 && l.viewOf(s).hidesRequest(locks):
		return &wire.Error{ID: m.ID, Code: wire.NotFound, Message: noSuchRequest}, locks
	}
	return forbidden(m.ID, wire.MayEvict, ""), locks
}
