package wiretest

import (
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// QuietReleases returns the requests that the conversation releases quietly. A client must know that when it acquires.
func (c *Conversation) QuietReleases() map[wire.ID]bool {
	quietly := make(map[wire.ID]bool)
	for _, step := range c.Steps {
		if step.Kind == Send {
			m, _ := codec.DecodeRequest(step.Frame, wire.DefaultLimits())
			if release, ok := m.(*wire.Release); ok {
				quietly[release.ID] = release.Quiet
			}
		}
	}
	return quietly
}
