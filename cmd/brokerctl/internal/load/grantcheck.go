package load

import (
	"fmt"
	"sync/atomic"
)

// A grantCheck checks the grants of one lock. It costs a few atomic operations, contended only among the users
// of that lock.
type grantCheck struct {
	name    string
	allowed int64 // the maximum number of holders
	holders atomic.Int64
	newest  atomic.Int64 // the greatest token seen
}

// A violation is an error: the broker has broken a promise.
type violation struct{ text string }

// Error returns the description.
func (v *violation) Error() string { return v.text }

func violated(format string, args ...any) error {
	return &violation{fmt.Sprintf("the broker has broken a promise: "+format, args...)}
}

// granted checks a grant. After is the newest token that was known when the lock was requested. The caller must
// call releasing later, even after an error.
func (g *grantCheck) granted(token, after int64) error {
	if g.allowed == 1 {
		// All earlier holders have released, so the newest token is known.
		after = g.newest.Load()
	}
	if n := g.holders.Add(1); n > g.allowed {
		return violated("%s has %d holders at once, %d allowed; token %d was granted while %d was held",
			g.name, n, g.allowed, token, g.newest.Load())
	}
	if token <= after {
		return violated("%s was granted with token %d after token %d", g.name, token, after)
	}
	g.note(token)
	return nil
}

// note keeps the greatest token. Holders that share a lock may call it in any order.
func (g *grantCheck) note(token int64) {
	for old := g.newest.Load(); token > old; old = g.newest.Load() {
		if g.newest.CompareAndSwap(old, token) {
			return
		}
	}
}

// releasing must be called before the lock is released, because others may hold it from then on.
func (g *grantCheck) releasing() { g.holders.Add(-1) }
