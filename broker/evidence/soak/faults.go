//go:build linux

package main

import (
	"context"
	"syscall"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/faultproxy"
)

// A fault is something that goes wrong in a storm. It is over when run returns, and run returns when ctx ends.
type fault struct {
	name   string
	weight int
	run    func(ctx context.Context, g *gust) (happened bool)
}

// faults are those of the clients and of the network. A name ends with the side that it concerns.
var faults = []fault{
	{"reset client", 8, func(_ context.Context, g *gust) bool { return g.reset(faultproxy.Client) }},
	{"reset broker", 3, func(_ context.Context, g *gust) bool { return g.cutBroker(faultproxy.Broker) }},
	{"reset both", 3, func(_ context.Context, g *gust) bool { return g.cutBroker(faultproxy.Both) }},
	{"FIN to client", 4, func(_ context.Context, g *gust) bool { return g.finish(faultproxy.Client) }},
	{"FIN to both", 3, func(_ context.Context, g *gust) bool { return g.finishBroker() }},
	{"hold both directions", 5, onProxy(faultproxy.Both, faultproxy.Faults{Hold: true})},
	{"hold to client", 5, onProxy(faultproxy.Client, faultproxy.Faults{Hold: true})},
	{"hold to broker", 5, onProxy(faultproxy.Broker, faultproxy.Faults{Hold: true})},
	{"swallow both directions", 4, onConns(faultproxy.Both, faultproxy.Faults{Swallow: true})},
	{"swallow to client", 4, onConns(faultproxy.Client, faultproxy.Faults{Swallow: true})},
	{"swallow to broker", 4, onConns(faultproxy.Broker, faultproxy.Faults{Swallow: true})},
	{"delay", 8, func(ctx context.Context, g *gust) bool {
		g.set(ctx, faultproxy.Both, faultproxy.Faults{Delay: g.share(0.1)})
		return true
	}},
	{"slow reading by client", 5, onProxy(faultproxy.Client, faultproxy.Faults{Rate: 20_000})},
	{"slow reading by broker", 3, onProxy(faultproxy.Broker, faultproxy.Faults{Rate: 20_000})},
	{"refuse connections", 4, (func(ctx context.Context, g *gust) bool {
		g.place.proxy.Refuse()
		g.place.proxy.Reset(faultproxy.Client)
		g.last(ctx)
		g.place.proxy.Heal()
		return true
	})},
	{"kill clients", 4, killClients},
	{"freeze clients", 8, freezeClients},
	{"hostile clients", 4, attackBroker},
	{"freeze broker", 2, freezeBroker},
	{"kill broker", 3, onBroker(killBroker)},
	{"stop broker", 3, onBroker(stopBroker)},
	{"kill broker, full disk", 2, onBroker(fillDisk)},
}

// set replaces the faults of a direction on the proxy for the length of the gust.
func (g *gust) set(ctx context.Context, to faultproxy.Side, f faultproxy.Faults) {
	g.place.proxy.Set(to, f)
	g.last(ctx)
	g.place.proxy.Set(to, faultproxy.Faults{})
}

// onProxy returns a fault of all connections of a proxy.
func onProxy(to faultproxy.Side, f faultproxy.Faults) func(context.Context, *gust) bool {
	return func(ctx context.Context, g *gust) bool {
		g.set(ctx, to, f)
		return true
	}
}

// onConns returns a fault of some connections of a proxy.
func onConns(to faultproxy.Side, f faultproxy.Faults) func(context.Context, *gust) bool {
	return func(ctx context.Context, g *gust) bool {
		conns := g.some()
		for _, conn := range conns {
			conn.Set(to, f)
		}
		g.last(ctx)
		for _, conn := range conns {
			conn.Set(to, faultproxy.Faults{})
		}
		return len(conns) > 0
	}
}

func (g *gust) reset(side faultproxy.Side) bool {
	conns := g.some()
	for _, conn := range conns {
		conn.Reset(side)
	}
	return len(conns) > 0
}

func (g *gust) finish(side faultproxy.Side) bool {
	conns := g.some()
	for _, conn := range conns {
		conn.CloseWrite(side)
	}
	return len(conns) > 0
}

// cutBroker resets the broker's side. Without lock delay the broker takes that as the end of the client, and may grant
// the client's locks to others while the client holds them: PROMISES.md, "Proxies and firewalls".
func (g *gust) cutBroker(side faultproxy.Side) bool {
	happened := false
	g.soak.broker.withLockDelay(func() { happened = g.reset(side) })
	return happened
}

func (g *gust) finishBroker() bool {
	happened := false
	g.soak.broker.withLockDelay(func() { happened = g.finish(faultproxy.Both) })
	return happened
}

// killClients kills a client process, and starts another in its place.
func killClients(ctx context.Context, g *gust) bool {
	if !g.place.mortal || !g.place.killing.TryLock() {
		return false
	}
	defer g.place.killing.Unlock()
	g.place.current().kill()
	g.lastFor(ctx, g.share(0.2))
	if err := g.place.start(); err != nil {
		g.soak.tally.surprise(err.Error())
	}
	return true
}

// freezeClients freezes a client process, often for longer than its lease.
func freezeClients(ctx context.Context, g *gust) bool {
	process := g.place.current()
	process.signal(syscall.SIGSTOP)
	g.last(ctx)
	process.signal(syscall.SIGCONT)
	return true
}

// attackBroker lets hostile clients attack the broker.
func attackBroker(ctx context.Context, g *gust) bool {
	s := g.soak
	if s.config.Hostile == 0 || !s.attack.TryLock() {
		return false
	}
	defer s.attack.Unlock()
	cmd, err := roleCommand(hostileRole, hostileConfig{s.broker.address, s.config.Hostile})
	if err != nil {
		s.tally.surprise(err.Error())
		return false
	}
	process, err := startChild("hostile", s.config.Report, cmd, func([]byte) {})
	if err != nil {
		s.tally.surprise(err.Error())
		return false
	}
	select {
	case <-time.After(g.length + s.config.Timeout):
	case <-ctx.Done():
	}
	process.kill()
	return true
}
