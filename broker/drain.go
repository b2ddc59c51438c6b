package broker

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// shutSlice is how many requests that wait are ended at a time when the broker
// stops.
const shutSlice = 256

// A drain is the end of a broker: nothing is granted any more, who waits is told
// so, and who holds has some time to release.
type drain struct {
	ends time.Duration
	shut bool // nobody waits any more
}

// beginDrain begins the end.
func (l *loop) beginDrain() {
	l.refuse()
	now := l.now()
	l.drain = &drain{ends: now + l.config.Drain}
	for _, s := range l.sessions {
		l.reply(s, l.drain.message(now))
	}
	l.shut() // at once: from now on nothing is granted
	held, holders := l.held(), l.table.SomeHolders(maxDescribed)
	l.aside(func() {
		l.config.Logger.Info().Int("held", held).Array("holders", described(holders)).Stringer("drain", l.config.Drain).
			Msg("draining: nothing is granted any more, and holders are to release")
	})
}

func (l *loop) shut() {
	events, done := l.table.Shut(l.now(), shutSlice, l.events[:0])
	l.deliver(events)
	l.drain.shut = done
}

// logEnd says what was still held when the time was over.
func (l *loop) logEnd() {
	if held := l.held(); held > 0 {
		holders := l.table.SomeHolders(maxDescribed)
		l.aside(func() {
			l.config.Logger.Warn().Int("held", held).Array("holders", described(holders)).
				Msg("stopped with requests still held: with a state directory the next run waits until " +
					"their clients have given up")
		})
	}
}

func (d *drain) message(now time.Duration) *wire.Draining {
	return &wire.Draining{GraceMS: max(d.ends-now, 0).Milliseconds()}
}

// held is how many requests hold.
func (l *loop) held() int {
	if l.table == nil {
		return 0
	}
	return l.table.Held()
}

// isDrained reports whether the broker may end.
func (l *loop) isDrained() bool {
	return l.drain != nil && l.drain.shut && (l.table.Held() == 0 || l.now() >= l.drain.ends)
}
