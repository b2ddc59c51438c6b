package broker

import (
	"log/slog"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// alwaysRequests is how many requests every session may have, whatever the total is. So clients
// with very many requests cannot lock others out.
const alwaysRequests = 16

// mayAcquire reports whether s may make the request m. All requests together must stay within
// MaxRequests, and those of one share within half of it.
func (l *loop) mayAcquire(s *session, m *wire.Acquire) bool {
	most := l.config.MaxRequests
	if l.table.InUse() < most/2 { // then no share has half of most, either
		return true
	}
	weight := 0
	for i := range m.Locks {
		weight += locktable.Weight(m.Locks[i].Name)
	}
	return l.table.InUse()+weight <= most && s.share.InUse+weight <= max(most/2, 1) ||
		l.table.Requests(s.name) < alwaysRequests
}

// refuseMore refuses a request or a watch that would exceed a limit for all sessions or for one
// share.
func (l *loop) refuseMore(s *session, id wire.ID, what string) {
	message := "the broker, or this address, already has as many " + what + " as it may have"
	l.reply(s, &wire.Error{ID: id, Code: wire.TooMany, Message: message})
	l.logLimit(s, what)
}

// logLimit logs that s has reached a limit of the broker.
func (l *loop) logLimit(s *session, what string) {
	if line, ok := l.logs.limit.admit(); ok {
		l.aside(func() {
			line.write("a limit of the broker was reached", s.attrs(slog.String("limit", what))...)
		})
	}
}
