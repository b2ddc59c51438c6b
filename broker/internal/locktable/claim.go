package locktable

import (
	"math"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A claim is how a request asks for a lock: exclusive, shared, or shared with a limit. The
// value of a claim with a limit is the limit.
type claim int32

const (
	exclusive claim = 0
	unlimited claim = math.MaxInt32 // shared, without a limit
)

// claimOf returns the claim that spec makes.
func claimOf(spec wire.LockSpec) claim {
	if spec.Mode == wire.Exclusive {
		return exclusive
	}
	return claim(min(spec.Limit.Or(int(unlimited)), int(unlimited)))
}

// limit returns how many may hold the lock together with a request that makes this claim,
// that request included.
func (c claim) limit() int { return int(max(c, 1)) }

func (c claim) mode() wire.Mode {
	if c == exclusive {
		return wire.Exclusive
	}
	return wire.Shared
}

// isLimited reports whether c is shared with a limit.
func (c claim) isLimited() bool { return c != exclusive && c < unlimited }
