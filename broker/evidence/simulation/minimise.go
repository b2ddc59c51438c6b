package simulation

import (
	"reflect"
	"time"
)

// Minimise returns a smaller plan that breaks the same promise as a plan does. It tries to leave out clients, calls and
// faults, then to simplify those that are left, and then to shorten the run, until nothing helps any more. If the plan
// breaks no promise, Minimise returns the plan.
func Minimise(plan *Plan, options Options) *Plan {
	options.Trace = nil
	m := &minimiser{options: options, plan: plan}
	first := m.world.Run(plan, options)
	if first.Violation == nil {
		return plan
	}
	m.broken = int(first.Violation.Promise)
	for m.tries = 0; m.tries < mostTries; {
		before := m.plan
		m.leaveOut()
		m.simplify()
		m.shorten()
		if m.plan == before {
			break
		}
	}
	return m.plan
}

// mostTries and mostMinimising bound the work of Minimise, in runs and in their events.
const (
	mostTries      = 20_000
	mostMinimising = 5_000_000
)

// A minimiser has the smallest plan so far.
type minimiser struct {
	world   World
	options Options
	plan    *Plan
	broken  int
	tries   int
	steps   int
}

// try keeps a changed copy of the plan if it still breaks the promise.
func (m *minimiser) try(change func(p *Plan)) bool {
	smaller := m.plan.clone()
	change(smaller)
	if m.steps > mostMinimising || reflect.DeepEqual(smaller, m.plan) || smaller.check() != nil {
		return false
	}
	m.tries++
	result := m.world.Run(smaller, m.options)
	m.steps += result.Steps
	if result.Violation == nil || int(result.Violation.Promise) != m.broken {
		return false
	}
	m.plan = smaller
	return true
}

func (p *Plan) clone() *Plan {
	clone := *p
	clone.Clients = append([]Client(nil), p.Clients...)
	clone.Calls = append([]Call(nil), p.Calls...)
	clone.Faults = append([]Fault(nil), p.Faults...)
	return &clone
}

// leaveOut leaves out clients with all their calls and faults, then faults, then calls.
func (m *minimiser) leaveOut() {
	for i := len(m.plan.Clients) - 1; i >= 0; i-- {
		m.try(func(p *Plan) { p.removeClient(p.Clients[i].Number) })
	}
	for size := len(m.plan.Faults); size > 0; size /= 2 {
		for at := 0; at+size <= len(m.plan.Faults); {
			if !m.try(func(p *Plan) { p.Faults = append(p.Faults[:at], p.Faults[at+size:]...) }) {
				at += size
			}
		}
	}
	for i := len(m.plan.Calls) - 1; i >= 0; i = min(i, len(m.plan.Calls)) - 1 {
		m.try(func(p *Plan) { p.removeCall(p.Calls[i].Number) })
	}
}

// removeClient removes a client, its calls and its faults.
func (p *Plan) removeClient(number int) {
	for i := range p.Clients {
		if p.Clients[i].Number == number {
			p.Clients = append(p.Clients[:i], p.Clients[i+1:]...)
			break
		}
	}
	for i := len(p.Calls) - 1; i >= 0; i = min(i, len(p.Calls)) - 1 {
		if p.Calls[i].Client == number {
			p.removeCall(p.Calls[i].Number)
		}
	}
	faults := p.Faults[:0]
	for _, f := range p.Faults {
		if f.Client != number {
			faults = append(faults, f)
		}
	}
	p.Faults = faults
}

// removeCall removes a call, and those inside it.
func (p *Plan) removeCall(number int) {
	removed := map[int]bool{number: true}
	calls := p.Calls[:0]
	for _, c := range p.Calls {
		if removed[c.Number] || removed[c.In] || removed[c.Under] && c.Under > 0 {
			removed[c.Number] = true
			continue
		}
		calls = append(calls, c)
	}
	p.Calls = calls
}

// simplify sets options of clients, calls and the broker to zero or to the usual value.
func (m *minimiser) simplify() {
	for i := range m.plan.Clients {
		for _, change := range []func(c *Client){
			func(c *Client) { c.StopTime = 0 }, func(c *Client) { c.React = 0 },
			func(c *Client) { c.Rate = million }, func(c *Client) { c.Asleep = false },
		} {
			m.try(func(p *Plan) { change(&p.Clients[i]) })
		}
	}
	for i := range m.plan.Calls {
		for _, change := range []func(c *Call){
			func(c *Call) { c.Wait = 0 }, func(c *Call) { c.Hold, c.MinHold = 0, 0 },
			func(c *Call) { c.MinHold = 0 }, func(c *Call) { c.GiveUp = 0 }, func(c *Call) { c.Work = 0 },
			func(c *Call) { c.Locks = c.Locks[:1] }, func(c *Call) { c.Try = false },
			func(c *Call) { c.Steal = false }, func(c *Call) { c.Async = false },
		} {
			m.try(func(p *Plan) { change(&p.Calls[i]) })
		}
	}
	for _, change := range []func(p *Plan){
		func(p *Plan) { p.LockDelay = false }, func(p *Plan) { p.StateDir = false },
		func(p *Plan) { p.Rate = million }, func(p *Plan) { p.Tokens = 1 << 20 },
		func(p *Plan) { p.Window = 64 }, func(p *Plan) { p.Drain = 0 },
	} {
		m.try(change)
	}
	if m.plan.isCluster() {
		m.simplifyCluster()
	}
}

// simplifyCluster does the same for what only several brokers have.
func (m *minimiser) simplifyCluster() {
	for _, change := range []func(p *Plan){
		func(p *Plan) { p.StoreErrors = 0 }, func(p *Plan) { p.NextTimeout = 0 },
		func(p *Plan) { p.Rate2 = million }, func(p *Plan) { p.Rate3 = million },
		func(p *Plan) { p.Brokers, p.Rate3 = 2, 0 },
	} {
		m.try(change)
	}
	for i := range m.plan.Clients {
		m.try(func(p *Plan) { p.Clients[i].Old = false })
		m.try(func(p *Plan) { p.Clients[i].Resume = false })
	}
	for i := range m.plan.Faults {
		m.try(func(p *Plan) { p.Faults[i].Broker = 0 })
	}
}

// shorten makes times rounder and shorter.
func (m *minimiser) shorten() {
	for _, unit := range []time.Duration{
		10 * time.Second, time.Second, 100 * time.Millisecond, 10 * time.Millisecond,
	} {
		round := func(d *time.Duration) { *d = d.Truncate(unit) }
		for i := range m.plan.Faults {
			m.try(func(p *Plan) { round(&p.Faults[i].At) })
			m.try(func(p *Plan) { round(&p.Faults[i].For) })
			m.try(func(p *Plan) { round(&p.Faults[i].By) })
		}
		for i := range m.plan.Calls {
			m.try(func(p *Plan) { round(&p.Calls[i].At) })
			m.try(func(p *Plan) { round(&p.Calls[i].Work) })
		}
	}
	m.try(func(p *Plan) { p.Delay = time.Millisecond })
	for m.tries < mostTries && m.try(func(p *Plan) { p.Quiet = p.lastTime() + (p.Quiet-p.lastTime())/2 }) {
		continue
	}
}

// lastTime returns when the last fault ends, or the last call is made.
func (p *Plan) lastTime() time.Duration {
	last := time.Duration(0)
	for i := range p.Faults {
		last = max(last, p.Faults[i].At+p.Faults[i].For)
	}
	for i := range p.Calls {
		if p.Calls[i].In == 0 && p.Calls[i].Under == 0 {
			last = max(last, p.Calls[i].At)
		}
	}
	return last
}
