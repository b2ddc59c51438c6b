package broker

import "github.com/lockbroker/lockbroker/broker/wire"

// resume handles a message of a client that wants to take up a session of an earlier connection.
func (l *loop) resume(s *session, m *wire.Resume) {
	l.reply(s, &wire.NotResumed{ID: m.ID, Message: "there is no such session to take up"})
}
