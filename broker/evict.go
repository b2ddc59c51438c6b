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
	v, isOver := l.verdictOnEvict(m.Request, events)
	l.writeAudit(s, m, v)
	l.deliver(events)
	if isOver {
		l.reply(s, &wire.Evicted{ID: m.ID})
		return
	}
	s.evicts = true
	l.evicting[m.Request] = append(l.evicting[m.Request], pendingEvict{s, m.ID})
}

// A pendingEvict has evicted a holder that ends only once it has been struck off the record. Until then, a crash would
// bring the holder back, and so the evict is not answered.
type pendingEvict struct {
	session *session
	id      wire.ID
}

// answerEvicts answers the evicts of a request that ends with that event.
func (l *loop) answerEvicts(e *locktable.Event) {
	switch e.Kind {
	case locktable.Queued, locktable.Granted, locktable.Refused:
		return
	}
	for _, evict := range l.evicting[e.ID] {
		evict.session.evicts = false
		l.reply(evict.session, &wire.Evicted{ID: evict.id})
	}
	delete(l.evicting, e.ID)
}

// verdictOnEvict sums up what an evict has done, and reports whether the request has ended. events are those that it
// caused and that are not delivered yet.
func (l *loop) verdictOnEvict(id wire.ID, events []locktable.Event) (v verdict, isOver bool) {
	if victim, is := l.table.Striking(id); is {
		return verdict{victims: []wire.RequestInfo{victim}, count: 1}, false
	}
	for i := range events {
		if e := &events[i]; e.ID == id && (e.Lost == wire.LostEvicted || e.Kind == locktable.Evicted) {
			v.victims, v.count = []wire.RequestInfo{l.table.Subject(e, 0)}, 1
		}
	}
	return v, true
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
