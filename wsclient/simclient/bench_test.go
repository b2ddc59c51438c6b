package simclient

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// BenchmarkCycle measures an acquire, its grant, its claim, its release and the confirmation: five steps.
func BenchmarkCycle(b *testing.B) {
	c := New(Config{}, func() float64 { return 1 })
	hello := &wire.Hello{Session: "s", HeartbeatMS: 5000, TimeoutMS: 15_000, Limits: wire.DefaultLimits()}
	begin := func() {
		c.Reset(Config{}, func() float64 { return 1 })
		c.Start(Instant{})
		c.Connected(1, Instant{}, Instant{}, hello)
	}
	o := Options{Locks: []wire.LockSpec{{Name: "a"}}}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%100 == 0 {
			begin()
		}
		r := c.Acquire(Instant{}, o)
		id := c.Status(r).ID
		c.Receive(1, Instant{}, &wire.Granted{ID: id, Token: 1})
		c.Settle(Instant{}, r, false)
		c.Release(Instant{}, r)
		c.Receive(1, Instant{}, &wire.Released{ID: id})
	}
}
