package broker

import (
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"
)

func prefixOf(n int) netip.Prefix {
	return addressOf(fmt.Sprintf("10.%d.%d.%d:1", n>>16&255, n>>8&255, n&255))
}

// An address has its burst, then its rate, whatever others do. A connection that is refused does not
// count.
func TestHandshakeRate(t *testing.T) {
	r, now := newHandshakeRate(10, 5, 100), time.Unix(1, 0)
	count := func(address netip.Prefix, tries int) (allowed int) {
		for range tries {
			if r.allow(address, now) {
				allowed++
			}
		}
		return allowed
	}
	for _, step := range []struct {
		after     time.Duration
		address   string
		want, try int
	}{
		{0, "192.0.2.1:1", 5, 1000},
		{0, "[::ffff:192.0.2.1]:2", 0, 1000},
		{0, "192.0.2.2:1", 5, 7},
		{99 * time.Millisecond, "192.0.2.1:3", 0, 10},
		{time.Millisecond, "192.0.2.1:4", 1, 10},
		{300 * time.Millisecond, "192.0.2.1:4", 3, 10},
		{time.Hour, "192.0.2.1:4", 5, 10},
		{0, "[2001:db8::1]:1", 3, 3},
		{0, "[2001:db8::ffff:2]:1", 2, 10},
		{0, "[2001:db8:0:1::1]:1", 5, 10},
	} {
		now = now.Add(step.after)
		if got := count(addressOf(step.address), step.try); got != step.want {
			t.Errorf("%v, %s: allowed %d of %d, want %d", now.UTC(), step.address, got, step.try, step.want)
		}
	}
}

// The memory is bounded: buckets that are full are dropped, and the one that was used least recently
// if there are too many. An address that goes on is not forgotten.
func TestHandshakeRateMemory(t *testing.T) {
	const most = 1000
	r, now := newHandshakeRate(10, 5, most), time.Unix(1, 0)
	busy := addressOf("192.0.2.1:1")
	allowed := 0
	for n := range 100 * most {
		r.allow(prefixOf(n), now)
		if n%100 == 0 && r.allow(busy, now) {
			allowed++
		}
		if len(r.from) > most || r.order.Len() != len(r.from) {
			t.Fatalf("%d buckets, %d in order, want at most %d", len(r.from), r.order.Len(), most)
		}
	}
	if allowed != 5 {
		t.Errorf("the busy address made %d connections, want its burst of 5", allowed)
	}
	now = now.Add(r.refill)
	for n := range most {
		r.allow(prefixOf(n%2), now.Add(time.Duration(n)))
	}
	if len(r.from) != 2 {
		t.Errorf("%d buckets are left, want those of the 2 addresses that go on", len(r.from))
	}
}

// A limit that no one reaches does not overflow.
func TestHandshakeRateHuge(t *testing.T) {
	r := newHandshakeRate(1, math.MaxInt32, 10)
	if r.refill != maxRefill || !r.allow(prefixOf(1), time.Unix(1, 0)) {
		t.Errorf("an empty bucket takes %v to fill", r.refill)
	}
}
