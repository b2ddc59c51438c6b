package load

import (
	"fmt"
	"sync/atomic"
)

// A guard looks whether one lock is granted as it may be. It costs a few atomic
// steps on what only those touch who use that lock.
type guard struct {
	name    string
	allowed int64 // how many may hold it at once
	holders atomic.Int64
	newest  atomic.Int64 // the greatest token that was seen
}

// A violation is a promise that the broker has not kept.
type violation struct{ text string }

// Error says what was seen.
func (v *violation) Error() string { return v.text }

func violated(format string, args ...any) error {
	return &violation{fmt.Sprintf("the broker has broken a promise: "+format, args...)}
}

// enter notes a grant. After is the newest token that was known when the lock was
// asked for. Whoever enters has to leave, also after an error.
func (g *guard) enter(token, after int64) error {
	if g.allowed == 1 {
		// The holders before have all left: more is known than when it was asked for.
		after = g.newest.Load()
	}
	if n := g.holders.Add(1); n > g.allowed {
		return violated("%s has %d holders at once, %d allowed; token %d was granted while %d was held", g.name, n, g.allowed, token, g.newest.Load())
	}
	if token <= after {
		return violated("%s was granted with token %d after one with %d", g.name, token, after)
	}
	g.note(token)
	return nil
}

// note keeps the greatest: of those who share a lock the later may come first.
func (g *guard) note(token int64) {
	for old := g.newest.Load(); token > old; old = g.newest.Load() {
		if g.newest.CompareAndSwap(old, token) {
			return
		}
	}
}

// leave is called before the lock is given back: from then on others may have it.
func (g *guard) leave() { g.holders.Add(-1) }
