package broker

import (
	"fmt"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// BenchmarkLoop measures what the loop alone needs for a pair, which is an acquire and its release. There are 1, 100
// and 10,000 sessions with one request each at the same time. Nothing runs beside the loop, and it wakes no writer, so
// the loop of a broker needs more.
//
//	go test -run '^$' -bench '^BenchmarkLoop$' ./broker
func BenchmarkLoop(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { loopPairs(b, n) })
	}
}

func loopPairs(b *testing.B, sessions int) {
	l := idleLoop(b)
	peers := make([]*loopPeer, sessions)
	for i := range peers {
		name := fmt.Sprintf("k3v9%04d", i)
		peers[i] = &loopPeer{s: openSession(l, name, "10.0.0.1:1"), lock: fmt.Sprintf("orders/%04d", i)}
	}
	var spent time.Duration
	for n := int64(0); b.Loop(); n++ {
		for _, p := range peers {
			id, locks := wire.ID{Session: p.s.name, N: n}, []wire.LockSpec{{Name: p.lock}}
			p.send(b, &wire.Acquire{ID: id, Locks: locks, Author: "create_user"})
		}
		spent += l.timeRounds()
		for _, p := range peers {
			p.send(b, &wire.Release{ID: wire.ID{Session: p.s.name, N: n}})
		}
		spent += l.timeRounds()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N*sessions), "ns/pair")
}

// A loopPeer is a session whose reader and writer are played by a benchmark.
type loopPeer struct {
	s    *session
	lock string
	sent parcel
}

// send takes the reply to the last message, if there was one, and sends another.
func (p *loopPeer) send(b *testing.B, m wire.Request) {
	p.sent = p.s.out.take(p.sent)
	for _, reply := range p.sent.replies {
		if refused, is := reply.(*wire.Error); is {
			b.Fatal(refused.Message)
		}
	}
	p.s.out.noteSent()
	if !p.s.sendRequest(m) {
		b.Fatal("the loop has ended")
	}
}

// timeRounds does what a round does until nobody wants a turn, and returns how long that took.
func (l *loop) timeRounds() time.Duration {
	start := time.Now()
	l.readClock()
	l.collect()
	for l.scheduler.any() {
		l.serve()
	}
	return time.Since(start)
}
