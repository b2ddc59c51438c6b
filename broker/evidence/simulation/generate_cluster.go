package simulation

import (
	"math/rand/v2"
	"time"
)

// GenerateCluster returns the plan of a seed with two or three brokers that share a store. steps is as for [Generate].
func GenerateCluster(seed uint64, steps int) *Plan {
	if steps == 0 {
		steps = UsualSteps
	}
	g := &generator{
		dice: rand.New(rand.NewPCG(seed, 3)), plan: &Plan{Seed: seed}, scale: float64(steps) / UsualSteps,
	}
	g.fierce = g.chance(70)
	g.brokers()
	g.programs()
	g.calls()
	g.clusterFaults()
	if g.chance(30) {
		g.clusterScene()
	}
	g.longCut()
	g.keepUp()
	g.asyncReleases()
	return g.plan
}

// GenerateLasting returns the plan of a seed with a broker alone that has a state directory, and sessions that can be
// taken up. steps is as for [Generate].
func GenerateLasting(seed uint64, steps int) *Plan {
	if steps == 0 {
		steps = UsualSteps
	}
	g := &generator{
		dice: rand.New(rand.NewPCG(seed, 4)), plan: &Plan{Seed: seed}, scale: float64(steps) / UsualSteps,
	}
	g.fierce = g.chance(70)
	g.brokers()
	p := g.plan
	p.Brokers, p.Takeover, p.Rate2, p.Rate3, p.StoreErrors = 0, 0, 0, 0, 0
	p.StateDir, p.Lasting = true, true
	g.programs()
	g.calls()
	g.lastingFaults()
	g.keepUp()
	g.asyncReleases()
	return p
}

// lastingFaults makes some faults, most of them of the broker and of its disk.
func (g *generator) lastingFaults() {
	for range 1 + g.dice.IntN(1+int(6*g.scale)) {
		f := Fault{At: g.upTo(g.plan.Quiet)}
		switch percent := g.dice.IntN(100); {
		case percent < 60:
			f.Kind = oneOf(g, KillBroker, KillBroker, DrainBroker, DrainBroker, DrainBroker, VanishBroker,
				FreezeBroker, SlowLoop, DiskFails, DiskSlow, SetBrokerWall)
		case percent < 75:
			f.Kind = oneOf(g, EvictHolder, EvictHolder, EvictWaiter)
		default:
			f.Kind = Freeze + FaultKind(g.dice.IntN(int(EvictHolder-Freeze)))
			f.Client = 1 + g.dice.IntN(len(g.plan.Clients))
		}
		g.measure(&f)
		switch f.Kind {
		case KillBroker, DrainBroker, VanishBroker:
			f.For = min(g.upTo(g.unit/2), g.plan.Quiet-f.At)
		}
		g.plan.Faults = append(g.plan.Faults, f)
	}
}

// brokers makes the brokers and their store.
func (g *generator) brokers() {
	p := g.plan
	p.Timeout = oneOf(g, 3*time.Second, 3*time.Second, 15*time.Second)
	g.unit = p.Timeout
	p.Heartbeat = p.Timeout / oneOf[time.Duration](g, 3, 6, 6)
	p.Drain = g.upTo(g.unit / 2)
	p.Delay = time.Millisecond + g.upTo(oneOf(g, 5*time.Millisecond, 50*time.Millisecond))
	p.Tokens = oneOf[int64](g, 2, 8, 1<<20)
	p.Window = oneOf(g, 8, 64, 64)
	p.LockDelay = g.chance(25)
	p.Brokers = oneOf(g, 2, 3, 3)
	p.Takeover = p.Timeout / oneOf[time.Duration](g, 2, 3, 3)
	p.Rate, p.Rate2, p.Rate3 = g.rate(), g.rate(), g.rate()
	p.StoreErrors = oneOf(g, 0, 1, 3, 10)
	if g.chance(20) {
		p.NextTimeout = oneOf(g, 1500*time.Millisecond, 3*time.Second, 15*time.Second)
	}
	p.Quiet = g.unit * time.Duration(5+g.dice.IntN(6))
}

// programs makes two to six clients.
func (g *generator) programs() {
	for i := range 2 + g.dice.IntN(5) {
		c := Client{Number: i + 1, Rate: g.rate(), Asleep: g.chance(50), Resume: g.chance(75)}
		c.Old = !c.Resume && g.chance(40)
		if g.chance(20) {
			c.React = g.upTo(g.unit / 5)
		}
		g.plan.Clients = append(g.plan.Clients, c)
	}
}

// clusterFaults makes some faults, most of them of brokers.
func (g *generator) clusterFaults() {
	count := 1 + g.dice.IntN(1+int(6*g.scale))
	at := time.Duration(0)
	for range count {
		f := Fault{At: g.upTo(g.plan.Quiet)}
		if g.chance(40) { // soon after the last one
			f.At = min(at+g.upTo(g.unit*2), g.plan.Quiet)
		}
		switch percent := g.dice.IntN(100); {
		case percent < 60:
			f.Kind = oneOf(g, KillBroker, KillBroker, DrainBroker, DrainBroker, DrainBroker, VanishBroker,
				FreezeBroker, SuspendBroker, PauseBroker, CutStore, CutStore, StoreDown, CutBroker,
				SetBrokerWall)
			if g.chance(25) {
				f.Broker = 1 + g.dice.IntN(g.plan.Brokers)
			}
		case percent < 75:
			f.Kind = oneOf(g, EvictHolder, EvictHolder, EvictWaiter)
		default:
			f.Kind = Freeze + FaultKind(g.dice.IntN(int(CloseClient-Freeze)))
			f.Client = 1 + g.dice.IntN(len(g.plan.Clients))
		}
		g.measureInCluster(&f)
		g.plan.Faults = append(g.plan.Faults, f)
		at = f.At
	}
}

// measureInCluster decides how long a fault lasts. A leader change of etcd takes 1.5 to 3 s.
func (g *generator) measureInCluster(f *Fault) {
	g.measure(f)
	switch f.Kind {
	case StoreDown:
		f.For = g.plan.Takeover/4 + g.upTo(oneOf(g, g.plan.Takeover/2, g.plan.Takeover*2))
	case CutStore, FreezeBroker, SuspendBroker, PauseBroker, CutBroker:
		f.For = g.plan.Takeover/2 + g.upTo(g.unit*3)
	case KillBroker, DrainBroker, VanishBroker:
		f.For = g.upTo(g.unit)
	}
	f.For = max(min(f.For, g.plan.Quiet-f.At), 0)
}

// clusterScene adds a scene with several brokers.
func (g *generator) clusterScene() {
	at := g.unit + g.upTo(g.unit)
	switch g.dice.IntN(3) {
	case 0: // the standby dies while it takes over what the owner hands over
		g.fault(&Fault{Kind: DrainBroker, At: at, For: g.upTo(g.unit)})
		for n := range g.plan.Brokers {
			if g.chance(50) {
				f := Fault{Kind: KillBroker, Broker: n + 1, For: g.upTo(g.unit)}
				f.At = at + g.upTo(g.plan.Takeover/4)
				g.fault(&f)
			}
		}
	case 1: // the owner stands still with all its clocks, and clients connect to it when it goes on
		f := Fault{Kind: PauseBroker, At: at, For: g.plan.Takeover*2 + g.upTo(g.unit*3)}
		g.fault(&f)
		g.fault(&Fault{Kind: CutStore, At: at, Broker: 0, For: g.plan.Takeover + f.For})
	case 2: // a lock is taken from a client that hears of it late, and the owner dies
		client := 1 + g.dice.IntN(len(g.plan.Clients))
		g.plan.Clients[client-1].Resume, g.plan.Clients[client-1].Old = true, false
		g.add(&Call{Client: client, At: at, Work: g.unit * 3}, "d")
		g.add(&Call{Client: g.rivalOf(client), At: at + g.unit/10, Work: g.unit}, "d")
		evicted := at + g.unit/4 + g.upTo(g.unit/4)
		g.fault(&Fault{Kind: CutDown, Client: client, At: evicted - g.plan.Delay, For: g.unit / 2})
		g.fault(&Fault{Kind: EvictHolder, Lock: "d", At: evicted})
		g.fault(&Fault{Kind: KillBroker, At: evicted + g.upTo(g.unit/4), For: g.upTo(g.unit)})
	}
}

// longCut lets some plans have another scene: the owner is cut off from the store for longer than the grace period of
// the next one. A client holds a lock that cannot be taken up, so the owner does not send it away, and another one
// waits. It has dice of its own, so that the rest of the plan of a seed does not depend on it.
func (g *generator) longCut() {
	dice := rand.New(rand.NewPCG(g.plan.Seed, 5))
	if dice.IntN(100) >= 4 {
		return
	}
	p := g.plan
	holder := &p.Clients[dice.IntN(len(p.Clients))]
	holder.Resume, holder.Old = false, true
	rival := g.rivalOf(holder.Number)
	p.Clients[rival-1].Resume, p.Clients[rival-1].Old = true, false
	longest := p.Takeover + p.Timeout*3
	p.Quiet = max(p.Quiet, g.unit*2+longest)
	g.add(&Call{Client: holder.Number, At: g.unit, Work: longest}, "e")
	g.add(&Call{Client: rival, At: g.unit * 3 / 2, Work: g.unit}, "e")
	g.fault(&Fault{Kind: CutStore, At: g.unit * 3 / 2, For: longest})
}
