package owner

import (
	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/internal/core"
)

// RollOf returns sessions on record as package core takes them in.
func RollOf(sessions []cluster.Session) *core.Roll {
	roll := &core.Roll{}
	for _, on := range sessions {
		if on.ID == cluster.Others {
			roll.Others = true
			continue
		}
		entry := core.RollEntry{Session: on.ID, Identity: on.Identity, Revoked: on.Revoked}
		copy(entry.Key[:], on.Key)
		roll.Sessions = append(roll.Sessions, entry)
	}
	return roll
}
