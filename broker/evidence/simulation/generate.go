package simulation

import (
	"math/rand/v2"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// UsualSteps is about how many events a generated plan causes.
const UsualSteps = 300

// Generate returns the plan of a seed. steps is about how many events it causes; 0 stands for UsualSteps.
func Generate(seed uint64, steps int) *Plan {
	if steps == 0 {
		steps = UsualSteps
	}
	g := &generator{
		dice: rand.New(rand.NewPCG(seed, 1)), plan: &Plan{Seed: seed}, scale: float64(steps) / UsualSteps,
	}
	g.fierce = g.chance(50)
	g.broker()
	g.clients()
	g.calls()
	g.faults()
	if g.chance(20) {
		g.scene()
	}
	g.keepUp()
	g.asyncReleases()
	return g.plan
}

// A generator makes a plan.
type generator struct {
	dice   *rand.Rand
	plan   *Plan
	scale  float64
	unit   time.Duration // the session timeout: the measure of all times
	number int
	locks  int
	// fierce: clients hold a lock or two for long, others wait for them, and faults last long. Otherwise a grant
	// rarely meets a fault.
	fierce bool
}

func (g *generator) chance(percent int) bool { return g.dice.IntN(100) < percent }

// upTo returns a time from 0 to most.
func (g *generator) upTo(most time.Duration) time.Duration {
	return time.Duration(g.dice.Int64N(int64(most)/int64(time.Millisecond)+1)) * time.Millisecond
}

// oneOf returns one of these.
func oneOf[T any](g *generator, values ...T) T { return values[g.dice.IntN(len(values))] }

func (g *generator) broker() {
	p := g.plan
	p.Timeout = oneOf(g, 1500*time.Millisecond, 3*time.Second, 15*time.Second)
	g.unit = p.Timeout
	p.Heartbeat = p.Timeout / oneOf[time.Duration](g, 3, 3, 4)
	p.Drain = g.upTo(g.unit)
	p.Delay = time.Millisecond + g.upTo(oneOf(g, 5*time.Millisecond, 50*time.Millisecond, g.unit/20))
	p.Tokens = oneOf[int64](g, 1, 2, 8, 1<<20)
	p.Window = oneOf(g, 2, 8, 64)
	p.Rate = g.rate()
	p.LockDelay = g.chance(25)
	p.StateDir = g.chance(70)
	if g.chance(15) {
		p.NextTimeout = oneOf(g, 1500*time.Millisecond, 3*time.Second, 15*time.Second)
	}
	if g.chance(25) {
		p.Slice = oneOf(g, 1, 1, 2)
	}
	p.Quiet = g.unit * time.Duration(3+g.dice.IntN(3))
	if g.fierce {
		p.Heartbeat = p.Timeout / 2
	}
}

// keepUp lets messages and callers be fast enough for the shorter session timeout.
func (g *generator) keepUp() {
	p := g.plan
	if p.NextTimeout == 0 {
		return
	}
	p.Delay = min(p.Delay, p.NextTimeout/20)
	for i := range p.Clients {
		p.Clients[i].React = min(p.Clients[i].React, p.NextTimeout/5)
	}
}

// asyncReleases lets some calls release without waiting. It has dice of its own, so that the rest of the plan of a seed
// does not depend on it.
func (g *generator) asyncReleases() {
	dice := rand.New(rand.NewPCG(g.plan.Seed, 2))
	for i := range g.plan.Calls {
		g.plan.Calls[i].Async = dice.IntN(100) < 30
	}
}

// rate returns the rate of a clock. Most clocks are right. The others are at most a tenth apart.
func (g *generator) rate() int64 {
	switch percent := g.dice.IntN(100); {
	case percent < 40:
		return million + million/20
	case percent < 65:
		return oneOf[int64](g, million, million+million/10)
	}
	return million + g.dice.Int64N(million/10+1)
}

// clients makes 1 to 20 clients, mostly few.
func (g *generator) clients() {
	count := 1 + g.dice.IntN(4)
	if g.chance(20) {
		count = 1 + g.dice.IntN(8)
	}
	if g.chance(2) {
		count = 1 + g.dice.IntN(20)
	}
	for i := range count {
		c := Client{Number: i + 1, Rate: g.rate(), Asleep: g.chance(50)}
		if g.chance(20) {
			c.StopTime = g.upTo(g.unit / 3)
		}
		if g.chance(20) {
			c.React = g.upTo(g.unit / 5)
		}
		if g.chance(1) {
			c.Rate = million * 13 / 10 // this breaks the condition of the promise
		}
		g.plan.Clients = append(g.plan.Clients, c)
	}
}

// calls gives each client some calls.
func (g *generator) calls() {
	g.locks = 1 + g.dice.IntN(3)
	if g.fierce && g.chance(70) {
		g.locks = 1
	}
	for i := range g.plan.Clients {
		count := 1 + g.dice.IntN(1+int(3*g.scale))
		if g.fierce {
			count = (count + 1) / 2
		}
		for range count {
			g.call(i+1, 0)
		}
	}
}

// call makes a call, and perhaps some inside it.
func (g *generator) call(client, outer int) {
	g.number++
	c := Call{Number: g.number, Client: client, In: outer, Locks: g.lockSpecs(), Work: g.upTo(g.unit)}
	if outer > 0 {
		c.At = g.upTo(g.unit / 4)
		c.Work /= 4
	} else {
		c.At = g.upTo(g.plan.Quiet)
	}
	usual := 100
	if g.fierce {
		usual = 30
		c.Work = g.unit/4 + g.upTo(g.unit*2)
		if outer > 0 {
			c.Work /= 4
		}
	}
	g.options(&c, usual)
	g.plan.Calls = append(g.plan.Calls, c)
	if g.chance(25 * usual / 100) {
		for range 1 + g.dice.IntN(2) {
			g.call(client, c.Number)
		}
	}
}

// options gives a call some options. usual is how often, in percent of the usual.
func (g *generator) options(c *Call, usual int) {
	if g.chance(30 * usual / 100) {
		c.Wait = time.Millisecond + g.upTo(g.unit*2)
	}
	if g.chance(20 * usual / 100) {
		c.Hold = time.Millisecond + g.upTo(g.unit)
	}
	if g.chance(10) {
		c.MinHold = g.upTo(g.unit)
		if c.Hold > 0 {
			c.MinHold = min(c.MinHold, c.Hold)
		}
	}
	if g.chance(20 * usual / 100) {
		c.GiveUp = time.Millisecond + g.upTo(g.unit)
	}
	switch {
	case g.chance(10 * usual / 100):
		c.Try = true
	case g.chance(5*usual/100) && c.In == 0:
		c.Steal = true
		for i := range c.Locks {
			c.Locks[i] = wire.LockSpec{Name: c.Locks[i].Name}
		}
	}
	if c.In == 0 && !c.Steal && g.number > 1 && g.chance(5) {
		c.Under, c.At = 1+g.dice.IntN(g.number-1), g.upTo(g.unit/4)
	}
}

// lockSpecs returns one or several locks. Exclusive ones are the most usual.
func (g *generator) lockSpecs() []wire.LockSpec {
	names := []string{"a", "b", "c"}[:g.locks]
	g.dice.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	count := 1
	if g.chance(25) {
		count = 1 + g.dice.IntN(len(names))
	}
	var locks []wire.LockSpec
	for _, name := range names[:count] {
		lock := wire.LockSpec{Name: name}
		switch percent := g.dice.IntN(100); {
		case percent < 15:
			lock.Mode = wire.Shared
		case percent < 28:
			lock.Mode, lock.Limit = wire.Shared, wire.Some(1+g.dice.IntN(3))
		}
		locks = append(locks, lock)
	}
	return locks
}
