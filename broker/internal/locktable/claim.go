package locktable

import (
	"math"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A claim is what a request asks of a lock: to have it alone, or with so many
// holders at most.
type claim int32

const (
	exclusive claim = 0
	infinite  claim = math.MaxInt32 // shared, without a limit
)

func claimOf(spec wire.LockSpec) claim {
	if spec.Mode == wire.Exclusive {
		return exclusive
	}
	return claim(min(spec.Limit.Or(int(infinite)), int(infinite)))
}

// limit is how many may hold.
func (c claim) limit() int { return int(max(c, 1)) }

func (c claim) mode() wire.Mode {
	if c == exclusive {
		return wire.Exclusive
	}
	return wire.Shared
}

// isLimited reports whether c is shared with a limit.
func (c claim) isLimited() bool { return c != exclusive && c < infinite }
