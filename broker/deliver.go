package broker

import (
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// The loop tells two kinds of clients of an event: the one that made the request, and those that
// watch the lock.

// reply queues m for s. If too much is unsent, it cuts off s, or the slowest client of all.
func (l *loop) reply(s *session, m wire.Reply) {
	if s.ended {
		return
	}
	if refused, ok := m.(*wire.Error); ok {
		l.tally.Error(refused.Code)
	}
	if v := l.viewOf(s); v.mayHide() {
		v.hide(m)
	}
	if !s.out.put(m) {
		l.cutSlow(s, "bytes due to one client")
	}
	if l.unsent.isOver() {
		l.cutSlowest()
	}
}

// deliver queues replies and changes for the sessions and watches that the table's events concern.
func (l *loop) deliver(events []locktable.Event) {
	logs := l.logs.logsEvents()
	for i := range events {
		event := &events[i]
		l.tally.Event(event)
		if logs {
			l.logEvent(event)
		}
		if s := l.sessions.Get(event.ID.Session); s != nil {
			if event.Code == wire.Deadlock {
				l.deadlocks.add(l.start.Add(l.now()), event.Cycle, event.Steps)
			}
			if m := core.ReplyTo(event); m != nil {
				if v := l.viewOf(s); v.mayHide() {
					v.hideOthers(m, event, l.asked)
				}
				l.reply(s, m)
			}
			if event.Kind == locktable.Forbidden {
				l.auditSwept(s, event)
			}
			if event.Code == wire.TooMany {
				l.noteLimit(s, limitOfEvent(event))
			}
		}
		if len(l.absences) > 0 {
			l.miss(event)
		}
		if l.watching.any() {
			l.tellWatches(event)
		}
		if len(l.stealing) > 0 {
			l.noteSteal(event)
		}
		if len(l.evicting) > 0 {
			l.answerEvicts(event)
		}
		*event = locktable.Event{}
	}
	l.delivered += int64(len(events))
	l.events = events[:0]
}
