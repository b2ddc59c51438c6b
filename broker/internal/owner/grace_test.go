package owner

import (
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A grace is how a node waits for the sessions of earlier owners. It is as simple as it can be, too: the broker's is in
// package core. Its times are on the monotonic clock.
type grace struct {
	node    *node
	ends    time.Duration
	missing []string // sessions that have not come back
	others  bool     // Others was on record
	over    bool     // all have come back, or those that have not are being struck off
	mark    Mark     // of the last one that was struck off
	kept    bool     // a snapshot says what the missing sessions hold
}

func (n *node) beginGrace() {
	m := n.machine
	n.grace = grace{node: n, ends: m.GraceEnds(), kept: n.accepts()}
	for _, s := range m.TakeSessions() {
		n.grace.missing = append(n.grace.missing, s.ID)
	}
	n.grace.others = slices.Contains(n.grace.missing, cluster.Others)
	switch length := m.owner.Grace; {
	case n.world.breaks.graceOfTimeout:
		n.grace.ends -= length - m.config.Timeout
	case n.world.breaks.ownGrace:
		n.grace.ends -= length - m.config.grace()
	}
}

// cameBack notes that the session has been taken up, or was told that it cannot be.
func (g *grace) cameBack(id string) {
	g.missing = slices.DeleteFunc(g.missing, func(other string) bool { return other == id })
}

// proceed ends the grace period if all have come back, or strikes off the missing ones when it is over.
func (g *grace) proceed() {
	n := g.node
	if g.over {
		return
	}
	few := 0
	if n.world.breaks.oneMissing {
		few = 1
	}
	if g.over = len(g.missing) <= few || n.clock.read().Mono >= g.ends; !g.over {
		return
	}
	for _, id := range g.missing {
		if id != cluster.Others && !n.world.breaks.oneMissing { // plain sessions of this owner may need Others
			g.mark = n.machine.Strike(id)
		}
	}
	g.missing = nil
}

// isOn reports whether sessions of earlier owners may still come. When it turns false, all of them have come back, or
// are off the record.
func (g *grace) isOn() bool { return !g.over || !g.node.machine.Recorded(g.mark) }

// blocks reports whether nothing may be granted yet.
func (g *grace) blocks() bool { return g.isOn() && !g.kept }
