package broker

import (
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// alwaysRequests is how many requests a session may have however many there are in all, so that nobody is locked out
// by others who have very many.
const alwaysRequests = 16

// mayAsk reports whether the requests in all leave room for another one. One share has half of them at most.
func (l *loop) mayAsk(s *session, m *wire.Acquire) bool {
	most := l.config.MaxRequests
	if l.table.InUse() < most/2 { // then no share has more, either
		return true
	}
	weight := 0
	for i := range m.Locks {
		weight += locktable.Weight(m.Locks[i].Name)
	}
	return l.table.InUse()+weight <= most && s.share.InUse+weight <= max(most/2, 1) ||
		l.table.Requests(s.name) < alwaysRequests
}

// refuseMore refuses what would be more than the broker as a whole can take, and lets the log say so.
func (l *loop) refuseMore(s *session, id wire.ID, what string) {
	message := "the broker, or this address, has as many " + what + " as it may"
	l.reply(s, &wire.Error{ID: id, Code: wire.TooMany, Message: message})
	l.logLimit(s, what)
}

// logLimit lets the log say that a bound of the broker was reached. Such lines are limited.
func (l *loop) logLimit(s *session, what string) {
	l.aside(func() {
		s.log(l.lines.limit.line()).Str("limit", what).Str("remote", printable.LogText(s.peer.Remote)).
			Str("client", printable.LogText(s.peer.Client)).Msg("a limit of the broker was reached")
	})
}
