package broker

import (
	"log/slog"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// beginDrain refuses new connections except those that inspect, tells every client, and begins to
// end the waiting requests.
func (l *loop) beginDrain() {
	l.refuse()
	events := l.core.BeginDrain(l.now(), l.events[:0])
	told := make([]*session, 0, l.sessions.Len())
	for _, s := range l.sessions.All() {
		if !l.core.Outlives(s.name) {
			told = append(told, s)
		}
	}
	for _, s := range told { // a reply may cut off a session, which ends it
		l.reply(s, l.drainMessage())
	}
	l.deliver(events)
	held, holders := l.table.Held()-l.table.HeldForGood(), l.table.SomeHolders(maxDescribed)
	l.aside(func() {
		l.logs.write(slog.LevelInfo, "draining: no lock is granted, and holders must release",
			slog.Int("held", held), slog.Any("holders", described(holders)),
			slog.Duration("drain", l.config.Drain))
	})
}

// drainMessage tells a client that the broker drains.
func (l *loop) drainMessage() *wire.Draining {
	return &wire.Draining{GraceMS: l.core.DrainLeft(l.now()).Milliseconds()}
}

// logEnd logs what is still held when the drain is over.
func (l *loop) logEnd() {
	if held := l.table.Held() - l.table.HeldForGood(); held > 0 {
		holders := l.table.SomeHolders(maxDescribed)
		next := "with a state directory the next run"
		if l.member != nil {
			next = "the next owner"
		}
		l.aside(func() {
			l.logs.write(slog.LevelWarn, "stopped with requests still held: "+
				next+" waits until their clients have given up their locks",
				slog.Int("held", held), slog.Any("holders", described(holders)))
		})
	}
}
