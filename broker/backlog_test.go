package broker

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A backlog is full after 256 short requests, and after as many bytes of long ones. It is full after 32 if all sessions
// together have very much in theirs. The reader goes on when half of that is left.
func TestBacklog(t *testing.T) {
	t.Run("while the broker has little to do", func(t *testing.T) { testBacklog(t, 256, 0) })
	t.Run("while it has much", func(t *testing.T) { testBacklog(t, 32, maxBursts) })
}

// testBacklog tests the backlog of a session for its limit, while others have that much in theirs.
func testBacklog(t *testing.T, limit int, others int64) {
	short := &wire.Acquire{Locks: []wire.LockSpec{{Name: "short"}}}
	long := &wire.Acquire{Author: strings.Repeat("a", 256)}
	for range 64 {
		long.Locks = append(long.Locks, wire.LockSpec{Name: strings.Repeat("n", 512)})
	}
	if unitsOf(long) < 64 || unitsOf(&wire.Release{}) != 1 {
		t.Errorf("a long request counts as %d, and a release as %d", unitsOf(long), unitsOf(&wire.Release{}))
	}
	for name, m := range map[string]wire.Request{"short": short, "long": long, "info": &wire.Info{}} {
		var total atomic.Int64
		total.Store(others)
		b := newBacklog(&total)
		units := unitsOf(m)
		most := limit / int(units) // how many may wait
		for n := range most + 1 {
			if b.isFull() {
				t.Fatalf("%s: full after %d", name, n)
			}
			b.grow(units)
		}
		if !b.isFull() {
			t.Errorf("%s: not full after %d", name, most+1)
		}
		for range most + 1 {
			if left := b.units.Load(); len(b.shrunk) > 0 && int(left) > limit/2 {
				t.Errorf("%s: the reader goes on when %d units are left", name, left)
			}
			b.shrink(units)
		}
		if len(b.shrunk) != 1 || b.units.Load() != 0 || total.Load() != others {
			t.Errorf("%s: the reader does not go on, or units are left: %d, of all %d", name, b.units.Load(),
				total.Load())
		}
	}
}
