package broker

import (
	"log/slog"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// shutSlice is how many waiting requests a drain ends in one slice.
const shutSlice = 256

// A drain is the last phase of a broker's run. The broker grants nothing, every waiting request
// ends with an error, and holders have some time to release.
type drain struct {
	ends time.Duration
	shut bool // every waiting request has ended
}

// beginDrain refuses new connections except those that inspect, tells every client, and begins to
// end the waiting requests.
func (l *loop) beginDrain() {
	l.refuse()
	now := l.now()
	l.drain = &drain{ends: now + l.config.Drain}
	for _, s := range l.sessions {
		l.reply(s, l.drain.message(now))
	}
	l.shut() // the first slice at once: from now on the table grants nothing
	held, holders := l.held(), l.table.SomeHolders(maxDescribed)
	l.aside(func() {
		l.logs.write(slog.LevelInfo, "draining: no lock is granted, and holders must release",
			slog.Int("held", held), slog.Any("holders", described(holders)),
			slog.Duration("drain", l.config.Drain))
	})
}

// shut ends a slice of the waiting requests.
func (l *loop) shut() {
	events, done := l.table.Shut(l.now(), shutSlice, l.events[:0])
	l.deliver(events)
	l.drain.shut = done
}

// logEnd logs what is still held when the drain is over.
func (l *loop) logEnd() {
	if held := l.held(); held > 0 {
		holders := l.table.SomeHolders(maxDescribed)
		l.aside(func() {
			l.logs.write(slog.LevelWarn, "stopped with requests still held: with a state directory "+
				"the next run waits until their clients have given up their locks",
				slog.Int("held", held), slog.Any("holders", described(holders)))
		})
	}
}

func (d *drain) message(now time.Duration) *wire.Draining {
	return &wire.Draining{GraceMS: max(d.ends-now, 0).Milliseconds()}
}

// held returns how many requests hold.
func (l *loop) held() int {
	if l.table == nil {
		return 0
	}
	return l.table.Held()
}

// isDrained reports whether the broker may stop.
func (l *loop) isDrained() bool {
	return l.drain != nil && l.drain.shut && (l.table.Held() == 0 || l.now() >= l.drain.ends)
}
