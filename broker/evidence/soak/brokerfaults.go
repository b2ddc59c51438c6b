//go:build linux

package main

import (
	"context"
	"syscall"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/host"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/mono"
)

// onBroker returns a fault that ends the broker process. It does not happen in the part of the run that shows whether
// the process grows, and at most once in a storm.
func onBroker(run func(ctx context.Context, g *gust)) func(context.Context, *gust) bool {
	return func(ctx context.Context, g *gust) bool {
		b := g.soak.broker
		if !g.soak.restartsAllowed() || !b.busy.TryLock() {
			return false
		}
		defer b.busy.Unlock()
		if !g.soak.restarted.CompareAndSwap(false, true) {
			return false
		}
		endTrouble := b.beginTrouble()
		defer endTrouble()
		run(ctx, g)
		return true
	}
}

// freezeBroker freezes the broker, often for longer than the leases of its clients.
func freezeBroker(ctx context.Context, g *gust) bool {
	b := g.soak.broker
	if !b.busy.TryLock() {
		return false
	}
	defer b.busy.Unlock()
	endTrouble := b.beginTrouble()
	defer endTrouble()
	process := b.current()
	process.signal(syscall.SIGSTOP)
	g.last(ctx)
	process.signal(syscall.SIGCONT)
	return true
}

// killBroker kills the broker and starts it again. Its clients may hold their locks until their leases end, which is at
// most a lease after the kill. Until then the next run must grant nothing.
func killBroker(ctx context.Context, g *gust) {
	b, s := g.soak.broker, g.soak
	before, after := b.kill()
	if g.random.IntN(2) == 0 {
		g.lastFor(ctx, g.share(0.5))
	}
	s.restart(false)
	s.judge.Quiet(promise.Grace, after, before+int64(s.config.lease()), "the broker was killed")
}

// fillDisk kills the broker, and starts it on a disk that is full for a while. Meanwhile it has no tokens to grant.
func fillDisk(ctx context.Context, g *gust) {
	b, s := g.soak.broker, g.soak
	before, after := b.kill()
	s.restart(true)
	g.last(ctx)
	full := mono.Now()
	b.current().command(host.DiskOK)
	s.judge.Quiet(promise.TokenPause, after, full, "the disk was full")
	s.judge.Quiet(promise.Grace, after, before+int64(s.config.lease()), "the broker was killed")
}

// stopBroker stops the broker with SIGTERM and starts it again. It must drain: grant nothing more, and end in time.
func stopBroker(ctx context.Context, g *gust) {
	b, s := g.soak.broker, g.soak
	select {
	case <-s.draining: // of an earlier stop
	default:
	}
	begin := time.Now()
	err := b.stop()
	stopped := mono.Now()
	s.tally.check(promise.Drain, err == nil, "after %v: %v", time.Since(begin), err)
	select {
	case since := <-s.draining:
		s.judge.Quiet(promise.Drain, since, stopped, "the broker was draining")
	default: // the soak learned of the drain too late
	}
	if g.random.IntN(2) == 0 {
		g.lastFor(ctx, g.share(0.5))
	}
	s.restart(false)
}

// restart starts the broker.
func (s *soak) restart(fullDisk bool) {
	if err := s.broker.start(fullDisk); err != nil {
		s.tally.check(promise.Liveness, false, "the broker did not start (full disk: %v): %v", fullDisk, err)
	}
}
