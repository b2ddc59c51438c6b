//go:build linux

package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/faultproxy"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
)

// A gust is one fault, at one place.
type gust struct {
	soak   *soak
	place  *clients
	random *rand.Rand // belongs to the gust
	length time.Duration
}

// last waits for the length of the gust, or until ctx ends.
func (g *gust) last(ctx context.Context) { g.lastFor(ctx, g.length) }

func (g *gust) lastFor(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// share returns a random duration up to a share of the session timeout.
func (g *gust) share(most float64) time.Duration {
	return time.Duration(g.random.Float64() * most * float64(g.soak.config.Timeout))
}

// some returns about half of the connections of the proxy.
func (g *gust) some() []*faultproxy.Conn {
	var some []*faultproxy.Conn
	for _, conn := range g.place.proxy.Conns() {
		if g.random.IntN(2) == 0 {
			some = append(some, conn)
		}
	}
	return some
}

// storm lets the clients work under faults for a while. When it returns, all faults are over, but their effects are
// not.
func (s *soak) storm(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Storm)
	defer cancel()
	s.restarted.Store(false)
	for _, place := range s.places {
		place.current().command(record.Resume)
	}
	var running sync.WaitGroup
	for {
		pause := time.Duration(s.random.ExpFloat64() * float64(s.config.Gust))
		select {
		case <-time.After(pause):
			f, g := s.pick()
			running.Go(func() {
				if f.run(ctx, g) {
					s.tally.fault(f.name)
				}
			})
			continue
		case <-ctx.Done():
		}
		break
	}
	running.Wait()
	for _, place := range s.places {
		place.proxy.Heal()
	}
}

// pick chooses a fault by its weight, its place, and its length: a lease or less in two of three cases, and up to two
// session timeouts otherwise.
func (s *soak) pick() (fault, *gust) {
	total := 0
	for _, f := range faults {
		total += f.weight
	}
	g := &gust{
		soak: s, place: s.places[s.random.IntN(len(s.places))],
		random: rand.New(rand.NewPCG(s.random.Uint64(), 0)),
	}
	g.length = g.share(2.0 / 3)
	if g.random.IntN(3) == 0 {
		g.length = g.share(2)
	}
	at := s.random.IntN(total)
	for _, f := range faults {
		if at -= f.weight; at < 0 {
			return f, g
		}
	}
	return faults[0], g
}
