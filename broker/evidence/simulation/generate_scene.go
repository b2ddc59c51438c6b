package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A scene is a conjunction of calls and faults that chance seldom brings about. The rest of the plan goes on around it.
// The scene has locks of its own: d, e and f.

// scene adds a scene.
func (g *generator) scene() {
	at := g.unit/2 + g.upTo(g.unit)
	client := 1 + g.dice.IntN(len(g.plan.Clients))
	switch g.dice.IntN(10) {
	case 0:
		g.slowAnswers(client, at)
	case 1:
		g.frozenClaim(client, at)
	case 2:
		g.frozenReader(client, at)
	case 3:
		g.lostCancel(client, at)
	case 4:
		g.overrun(client, at)
	case 5:
		g.restarts(at)
	case 6:
		g.slicedDrain(client, at)
	case 7:
		g.lateWork(client, at)
	case 8:
		g.parallelWork(client, at)
	case 9:
		g.frozenBorrower(client, at)
	}
}

// add adds a call of a scene, and returns its number.
func (g *generator) add(c *Call, names ...string) int {
	g.number++
	c.Number = g.number
	for _, name := range names {
		c.Locks = append(c.Locks, wire.LockSpec{Name: name})
	}
	g.plan.Calls = append(g.plan.Calls, *c)
	return c.Number
}

// fault adds a fault of a scene.
func (g *generator) fault(f *Fault) {
	f.At = min(f.At, g.plan.Quiet)
	f.For = min(f.For, g.plan.Quiet-f.At)
	g.plan.Faults = append(g.plan.Faults, *f)
}

// rivalOf returns another client.
func (g *generator) rivalOf(client int) int {
	if len(g.plan.Clients) == 1 {
		g.plan.Clients = append(g.plan.Clients, Client{Number: 2, Rate: g.rate()})
	}
	return 1 + client%len(g.plan.Clients)
}

// slowAnswers: the answers to a holder's pings take more than a third of the session timeout. Then nothing gets from
// the holder to the broker, and a rival waits for the lock.
func (g *generator) slowAnswers(client int, at time.Duration) {
	rival := g.rivalOf(client)
	g.plan.Quiet = max(g.plan.Quiet, g.unit*6)
	g.plan.Heartbeat = g.unit / 4
	g.add(&Call{Client: client, At: at, Work: g.unit * 5}, "d")
	g.add(&Call{Client: rival, At: at + g.unit/4, Work: g.unit / 4}, "d")
	slow := at + g.unit/8
	g.fault(&Fault{Kind: LagDown, Client: client, At: slow, For: g.unit * 4, By: g.unit/3 + g.upTo(g.unit/12)})
	g.fault(&Fault{Kind: CutUp, Client: client, At: slow + g.unit + g.upTo(g.unit), For: g.unit * 2})
}

// frozenClaim: the process stands still after it has read a grant, and before the caller has its lock.
func (g *generator) frozenClaim(client int, at time.Duration) {
	c := &g.plan.Clients[client-1]
	c.React = max(c.React, g.unit/10)
	g.add(&Call{Client: client, At: at, Work: g.unit / 4}, "d")
	g.fault(&Fault{Kind: Freeze, Client: client, At: at + g.plan.Delay + g.upTo(c.React), For: g.unit})
}

// frozenBorrower: the process stands still beyond the end of its lease, inside a lock. Then it asks for the same lock
// again.
func (g *generator) frozenBorrower(client int, at time.Duration) {
	outer := g.add(&Call{Client: client, At: at, Work: g.unit * 2}, "d")
	g.add(&Call{Client: client, In: outer, At: g.unit/4 + g.upTo(g.unit/4), Work: g.unit / 10}, "d")
	at += g.unit/8 + g.upTo(g.unit/8)
	g.fault(&Fault{Kind: Freeze, Client: client, At: at, For: g.unit + g.upTo(g.unit)})
}

// frozenReader: the process stands still beyond the end of its lease, while the answer to a ping is on its way.
func (g *generator) frozenReader(client int, at time.Duration) {
	g.plan.Quiet = max(g.plan.Quiet, g.unit*5)
	g.plan.Heartbeat = g.unit / 4
	g.add(&Call{Client: client, At: at, Work: g.unit * 4}, "d")
	g.fault(&Fault{
		Kind: LagDown, Client: client, At: at + g.unit/8, For: g.unit * 3, By: g.unit/8 + g.upTo(g.unit/4),
	})
	g.fault(&Fault{
		Kind: Freeze, Client: client, At: at + g.unit/2 + g.upTo(g.unit), For: g.unit/3 + g.upTo(g.unit/3),
	})
}

// lostCancel: a waiter gives up, but its cancel does not arrive. Then it is granted, and its connection ends.
func (g *generator) lostCancel(client int, at time.Duration) {
	rival := g.rivalOf(client)
	g.plan.Quiet = max(g.plan.Quiet, g.unit*5)
	g.add(&Call{Client: rival, At: at, Work: g.unit / 2}, "d")
	g.add(&Call{Client: client, At: at + g.unit/8, GiveUp: g.unit / 4, Work: g.unit / 4}, "d")
	g.fault(&Fault{Kind: CutUp, Client: client, At: at + g.unit/4, For: g.unit * 3 / 2})
}

// overrun: a function goes on after its call may no longer hold, because a nested call has not returned.
func (g *generator) overrun(client int, at time.Duration) {
	outer := g.add(&Call{Client: client, At: at, Hold: g.unit / 10, Work: g.unit / 2}, "d")
	g.add(&Call{Client: client, In: outer, At: g.unit / 20, Work: g.unit * 2}, "e")
	g.add(&Call{Client: g.rivalOf(client), At: at + g.unit/10, Work: g.unit / 4}, "d")
}

// restarts: the broker is killed, and again in the grace period that follows. Its session timeout changes each time.
func (g *generator) restarts(at time.Duration) {
	g.plan.StateDir = true
	g.plan.NextTimeout = oneOf(g, 1500*time.Millisecond, 3*time.Second)
	for range 2 + g.dice.IntN(2) {
		f := Fault{Kind: oneOf(g, KillBroker, VanishBroker), At: at, For: time.Millisecond + g.upTo(g.unit/10)}
		g.fault(&f)
		at += f.For + g.upTo(g.unit/2)
	}
}

// slicedDrain: a broker drains in small slices. When the first waiter has ended, the next ones fit beside the holder.
func (g *generator) slicedDrain(client int, at time.Duration) {
	g.plan.Slice = 1
	rival := g.rivalOf(client)
	for i, c := range []Call{{Client: client}, {Client: rival}, {Client: client}, {Client: rival}} {
		c.At, c.Work = at+time.Duration(i)*g.unit/10, g.unit*2
		g.add(&c, "d")
		if i != 1 {
			g.plan.Calls[len(g.plan.Calls)-1].Locks[0].Mode = wire.Shared
		}
	}
	g.fault(&Fault{Kind: DrainBroker, At: at + g.unit/2 + g.upTo(g.unit), For: g.unit / 10})
}

// lateWork: a broker stands still while a holder releases its lock, and the waits of others end. It then works in
// small slices.
func (g *generator) lateWork(client int, at time.Duration) {
	g.plan.Slice, g.plan.Heartbeat = 1, g.unit/4
	rival := g.rivalOf(client)
	g.add(&Call{Client: client, At: at, Work: g.unit / 2}, "d")
	for i := range 4 {
		wait := g.unit/4 + time.Duration(i)*g.unit/20
		g.add(&Call{Client: rival, At: at + g.unit/10, Wait: wait, Work: g.unit / 10}, "d")
	}
	g.fault(&Fault{Kind: FreezeBroker, At: at + g.unit/3, For: g.unit/4 + g.upTo(g.unit/4)})
}

// parallelWork: a nested call waits for a holder, which waits in a nested call, too. That is no deadlock, because the
// second one waits for a function that just works.
func (g *generator) parallelWork(client int, at time.Duration) {
	rival := g.rivalOf(client)
	g.add(&Call{Client: client, At: at, Work: g.unit / 2}, "e")
	holder := g.add(&Call{Client: rival, At: at, Work: g.unit / 4}, "d")
	g.add(&Call{Client: rival, In: holder, At: g.unit / 10, Work: g.unit / 10}, "e")
	other := g.add(&Call{Client: client, At: at, Work: g.unit / 4}, "f")
	g.add(&Call{Client: client, In: other, At: g.unit / 5, Work: g.unit / 10}, "d")
}
