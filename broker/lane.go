package broker

import "github.com/lockbroker/lockbroker/broker/wire"

// A lane is a kind of work. The first item of a session decides in which lane the session waits.
type lane uint8

const (
	laneFreeing lane = iota // release, cancel, and the end of a session: others wait for what they free
	lanePlain
	laneLong // what may take a whole slice
	lanes    // how many there are
)

// laneOf returns the lane of an item.
func laneOf(it *item) lane {
	switch m := it.what.(type) {
	case *ending, *wire.Release, *wire.Cancel:
		return laneFreeing
	case *wire.Info, *wire.Why, *wire.Evict:
		return laneLong
	case *wire.Acquire:
		if m.Steal || !m.Parent.IsZero() {
			return laneLong
		}
	}
	return lanePlain
}
