package broker

import (
	"slices"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// whoamiBytes is about how many bytes of permissions an answer to whoami holds.
const whoamiBytes = 128 << 10

// whoami answers who the client is and what it may do.
func (l *loop) whoami(s *session, m *wire.WhoAmI) {
	answer := &wire.Permissions{ID: m.ID, Identity: s.peer.Identity}
	permissions := access.Everything()
	if s.rights != nil {
		permissions = s.rights.permissions
		answer.Groups, answer.ExpiresMS = slices.Clone(s.rights.subject.Groups), s.rights.expiresMS()
	}
	told, room := permissions.Told(), whoamiBytes
	for i := range told {
		for _, glob := range told[i].Locks {
			room -= len(glob) + 4
		}
		if room -= 100; room < 0 {
			told, answer.More = told[:i], true
			break
		}
	}
	answer.Permissions = told
	l.reply(s, answer)
}
