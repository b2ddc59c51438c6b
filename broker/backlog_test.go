package broker

import (
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A backlog is full after 32 short requests, and after as many bytes of long ones. The reader goes on when
// half of that is left.
func TestBacklog(t *testing.T) {
	short := &wire.Acquire{Locks: []wire.LockSpec{{Name: "short"}}}
	long := &wire.Acquire{Author: strings.Repeat("a", 256)}
	for range 64 {
		long.Locks = append(long.Locks, wire.LockSpec{Name: strings.Repeat("n", 512)})
	}
	if unitsOf(long) < 64 || unitsOf(&wire.Release{}) != 1 {
		t.Errorf("a long request counts as %d, and a release as %d", unitsOf(long), unitsOf(&wire.Release{}))
	}
	for _, test := range []struct {
		m    wire.Request
		most int // how many may wait
	}{{short, 32}, {&wire.Info{}, 32}, {long, 0}} {
		b := backlog{shrunk: make(chan struct{}, 1)}
		for n := range test.most + 1 {
			if b.isFull() {
				t.Fatalf("%T: full after %d", test.m, n)
			}
			b.grow(unitsOf(test.m))
		}
		if !b.isFull() {
			t.Errorf("%T: not full after %d", test.m, test.most+1)
		}
		for n := test.most; n >= 0; n-- {
			if len(b.shrunk) > 0 && n > 16 {
				t.Errorf("%T: the reader goes on when %d are left", test.m, n+1)
			}
			b.shrink(unitsOf(test.m))
		}
		if len(b.shrunk) != 1 || b.units.Load() != 0 {
			t.Errorf("%T: the reader does not go on, and %d units are left", test.m, b.units.Load())
		}
	}
}
