package broker

import (
	"log/slog"
	"sync/atomic"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// slowConsumer ends the session of a client that does not read.
var slowConsumer = ending{code: wire.ClosePolicy, reason: "slow consumer"}

// An unsentTotal counts the bytes that wait to be sent to all clients together.
type unsentTotal struct {
	most   int64 // Config.MaxDue
	now    atomic.Int64
	ending atomic.Int64 // of sessions that are ending: these count only as memory

	mustShrink atomic.Bool // the memory is used up: a quarter of most is too much
}

func (t *unsentTotal) isOver() bool {
	now := t.now.Load()
	return now > t.most || now > t.most/4 && t.mustShrink.Load()
}

// held returns the bytes that are unsent or belong to sessions that are ending.
func (t *unsentTotal) held() int64 { return t.now.Load() + t.ending.Load() }

// cutSlowest cuts off slow clients until the total is low enough. It picks the share with the most
// unsent bytes, and in that share the client with the most. That client does not read, and the
// broker must not run out of memory because of it.
func (l *loop) cutSlowest() {
	for l.unsent.isOver() {
		slowest := l.slowest()
		if slowest == nil {
			return // no session is left to cut off
		}
		l.cutSlow(slowest, "bytes due to all clients")
	}
}

func (l *loop) slowest() (slowest *session) {
	for _, sh := range l.shares.All() {
		sh.unsent = 0
	}
	for _, s := range l.sessions.All() {
		s.share.unsent += s.out.unsent()
	}
	most := int64(-1)
	for _, s := range l.sessions.All() {
		unsent := s.out.unsent()
		if slowest == nil || s.share.unsent > slowest.share.unsent ||
			s.share == slowest.share && unsent > most {
			slowest, most = s, unsent
		}
	}
	return slowest
}

// cutSlow ends the session of a client that does not read. limit is what it has exceeded.
func (l *loop) cutSlow(s *session, limit string) {
	due := s.out.unsent()
	l.counters.slow.Add(1)
	l.cutOff(s, slowConsumer)
	if line, ok := l.logs.slow.admit(); ok {
		l.aside(func() { s.logSlow(line, limit, due) })
	}
}

// logSlow logs that the client was cut off. It may block.
func (c *connection) logSlow(line admission, limit string, due int64) {
	line.write("cut off a client that reads too slowly",
		c.attrs(slog.String("limit", limit), slog.Int64("due_bytes", due))...)
}

// cutOff ends a session at once, and drops what has not been sent to it.
func (l *loop) cutOff(s *session, end ending) {
	s.out.cut(end)
	s.net.Hurry()
	l.end(s, end)
}
