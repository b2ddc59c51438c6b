package broker

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// watch starts a watch.
func (l *loop) watch(s *session, m *wire.Watch) {
	if s.watches == nil {
		s.watches = &watches{session: s}
	}
	over := l.watching.limitOf(s, l.quotaNow().Watches)
	if l.memoryFull && len(s.watches.all) >= alwaysWatches {
		over = limitMemory
	}
	if over != noLimit {
		l.refuseMore(s, m.ID, over, l.whyNot(s, over, 1))
		return
	}
	added := newWatch(m)
	if !s.watches.add(added) {
		const message = "this connection has too many watches, or globs that are too long"
		l.refuseMore(s, m.ID, limitSessionWatches, message)
		return
	}
	l.watching.countMore(s, 1, int64(len(added.match)))
	if len(s.watches.all) == 1 {
		l.watching.sessions = append(l.watching.sessions, s.watches)
	}
	l.reply(s, &wire.Watching{ID: m.ID})
}

// unwatch ends a watch.
func (l *loop) unwatch(s *session, id wire.ID) {
	var removed *watch
	if s.watches != nil {
		removed = s.watches.remove(id)
	}
	if removed == nil {
		l.reply(s, &wire.Error{ID: id, Code: wire.NotFound, Message: "no such watch"})
		return
	}
	l.watching.countMore(s, -1, -int64(len(removed.match)))
	if len(s.watches.all) == 0 {
		l.watching.forget(s)
	}
	s.out.resume(id)
	l.reply(s, &wire.Unwatched{ID: id})
}

// tellWatches tells all matching watches about an event: one change for each lock of its request.
func (l *loop) tellWatches(event *locktable.Event) {
	now := l.start.Add(l.at)
	for i := range event.Locks() {
		name := event.Lock(i)
		var change *wire.Change
		made := func() *wire.Change {
			if change == nil {
				change = l.changeOf(event, i)
			}
			return change
		}
		for _, ws := range l.watching.sessions {
			l.tellSession(ws, now, name, made)
		}
	}
}

// tellSession tells the matching watches of a session, unless that costs too much.
func (l *loop) tellSession(ws *watches, now time.Time, name string, change func() *wire.Change) {
	if ws.quiet {
		ws.missed = true
		return
	}
	if v := l.viewOf(ws.session); v.mayHide() {
		if looking := v.price(name); looking > 0 && !l.mayMatch(ws, now, looking) {
			return
		}
		if !v.sees(name) {
			return
		}
		change = v.hiding(change)
	}
	price := ws.price(name)
	if !l.mayMatch(ws, now, price) {
		return
	}
	hiding := l.sight.steps
	told := ws.tell(name, change) * tellCost
	hiding = l.sight.steps - hiding
	l.watching.reserve(ws, now, told+int(hiding)*matchesOfSightStep)
	l.watching.spent += int64((price + told) / matchesOfStep)
}

// mayMatch takes a number of steps from the stocks of watches. If they do not have as many, it silences
// the watches, and reports false.
func (l *loop) mayMatch(ws *watches, now time.Time, steps int) bool {
	steps = min(steps, matchBurst)
	if ws.session.share.stock.AllowN(now, steps) && l.watching.stock.AllowN(now, steps) {
		return true
	}
	l.watching.silence(ws, l.now())
	return false
}

// changeOf returns the change that tells watches about an event, for lock i of its request.
func (l *loop) changeOf(event *locktable.Event, i int) *wire.Change {
	return &wire.Change{
		Event:   wire.Event(event.Kind.String()),
		Reason:  event.Lost,
		By:      event.By,
		Message: event.Message,
		Lock:    event.Lock(i),
		Request: l.table.Subject(event, i),
	}
}

// price returns how many steps of watches it takes to find out whether the client may list a lock. It
// is 0 if they are few.
func (v view) price(lock string) int { return v.sight.price(v.rights, lock) * matchesOfSightStep }

// hiding returns a function that returns a copy of a change without what is hidden from the client.
func (v view) hiding(change func() *wire.Change) func() *wire.Change {
	return func() *wire.Change {
		told := *change()
		if told.Reason == wire.LostStolen && !v.seesAll(told.Request.Locks) {
			told.By = ""
		}
		v.hideRequest(&told.Request)
		return &told
	}
}
