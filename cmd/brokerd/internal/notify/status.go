package notify

import (
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// describe returns a status in words, for systemctl status.
func describe(s broker.Status, now time.Time) string {
	if s.Standby {
		return "on standby: another broker grants locks"
	}
	until := now.Add(s.Left).Format("15:04:05")
	switch s.Pause {
	case "":
		return "grants locks"
	case wire.PauseGrace:
		return "grace period until " + until + ": nothing is granted yet"
	case wire.PauseDraining:
		return "draining until " + until + " at the latest: nothing is granted"
	}
	return "nothing is granted: " + s.Pause.Explain()
}
