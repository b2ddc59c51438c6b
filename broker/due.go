package broker

import (
	"sync/atomic"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// slowConsumer ends a client that does not read what is due to it.
var slowConsumer = ending{code: wire.ClosePolicy, reason: "slow consumer"}

// A dueTotal counts the bytes that are due to all clients together.
type dueTotal struct {
	most int64
	now  atomic.Int64
}

func (d *dueTotal) isOver() bool { return d.now.Load() > d.most }

// cutSlowest cuts off the client to which most is due, of the share to which most is due: it
// does not read, and others must not run out of memory for that.
func (l *loop) cutSlowest() {
	for l.due.isOver() {
		slowest := l.slowest()
		if slowest == nil {
			return // what is due to those who have ended is gone soon
		}
		l.cutOff(slowest, slowConsumer)
		l.logLimit(slowest, "bytes due to all clients")
	}
}

func (l *loop) slowest() (slowest *session) {
	for _, sh := range l.shares {
		sh.due = 0
	}
	for _, s := range l.sessions {
		s.share.due += s.out.due()
	}
	most := int64(-1)
	for _, s := range l.sessions {
		due := s.out.due()
		if slowest == nil || s.share.due > slowest.share.due || s.share == slowest.share && due > most {
			slowest, most = s, due
		}
	}
	return slowest
}
