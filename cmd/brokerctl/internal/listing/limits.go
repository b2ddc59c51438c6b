package listing

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Limits describes the limits of the listed requests of a lock if they differ: each limit, and the first request that
// has it. Otherwise it returns "". Different limits are legal, and the lowest counts. But often they are a mistake: a
// semaphore that was meant for five admits only two. Exclusive requests have no limit.
func Limits(lock wire.LockInfo) string {
	var asked []wire.RequestInfo // one per limit
	for _, r := range slices.Concat(lock.Holders, lock.Waiters) {
		same := func(other wire.RequestInfo) bool { return other.Limit == r.Limit }
		if r.Mode == wire.Shared && !slices.ContainsFunc(asked, same) {
			asked = append(asked, r)
		}
	}
	if len(asked) < 2 {
		return ""
	}
	slices.SortStableFunc(asked, func(a, b wire.RequestInfo) int {
		return cmp.Compare(a.Limit.Or(math.MaxInt), b.Limit.Or(math.MaxInt))
	})
	text := []byte("limits differ")
	for i, r := range asked {
		text = append(text, ":;"[min(i, 1)], ' ')
		if limit, ok := r.Limit.Get(); ok {
			text = fmt.Appendf(text, "%d by ", limit)
		} else {
			text = append(text, "none by "...)
		}
		text = AppendWho(text, r)
	}
	return string(text)
}
