package broker

import (
	"log/slog"

	"github.com/lockbroker/lockbroker/broker/wire"
)

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
