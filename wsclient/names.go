package wsclient

import (
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// mergeRepeats returns locks with each name once, in the place of its first occurrence. The strictest repeat counts:
// exclusive before shared, and then the least limit. A broker refuses a request that has a name twice.
func mergeRepeats(locks []wire.LockSpec) []wire.LockSpec {
	merged := locks[:0]
	for _, spec := range locks {
		i := slices.IndexFunc(merged, func(s wire.LockSpec) bool { return s.Name == spec.Name })
		if i < 0 {
			merged = append(merged, spec)
		} else {
			merged[i] = stricter(merged[i], spec)
		}
	}
	return merged
}

// stricter returns the spec that lets fewer others hold the lock.
func stricter(a, b wire.LockSpec) wire.LockSpec {
	const none = wire.MaxLimit + 1
	if b.Mode == wire.Exclusive && a.Mode != wire.Exclusive ||
		a.Mode == b.Mode && b.Limit.Or(none) < a.Limit.Or(none) {
		return b
	}
	return a
}
