package broker

import "github.com/lockbroker/lockbroker/broker/wire"

// A lane is a class of work. A session waits in the lane of its next item.
type lane uint8

const (
	laneFreeing lane = iota // release, cancel, and the end of a session: others wait for what they free
	lanePlain
	laneLong // work that may take a whole slice
	lanes    // the number of lanes
)

// laneOf returns the lane in which an item is handled.
func laneOf(it *item) lane {
	switch m := it.what.(type) {
	case *ending, *wire.Release, *wire.Cancel:
		return laneFreeing
	case *wire.Info, *wire.Why, *wire.Clients, *wire.Evict:
		return laneLong
	case *wire.Acquire:
		if m.Steal || !m.Parent.IsZero() {
			return laneLong
		}
	}
	return lanePlain
}
