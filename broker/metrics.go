package broker

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockbroker/lockbroker/broker/internal/metrics"
)

// loopPatience is how long a scrape waits for the loop.
const loopPatience = time.Second

// Metrics returns a collector of the broker's metrics, for a Prometheus registry. METRICS.md lists them. A
// scrape waits up to a second for the event loop. If it does not answer, what only the loop knows is missing.
func (b *Broker) Metrics() prometheus.Collector { return metrics.Collector(b.read) }

// read reads everything for a scrape.
func (b *Broker) read() metrics.Reading {
	r := metrics.Reading{
		Pause:             b.pause(),
		Handshakes:        b.handshakes.count(),
		HandshakesRefused: b.handshakes.refused.Load(),
		UpgradesRefused:   b.counters.upgrades.byStatus(),
		Received:          b.counters.traffic.Received.Load(),
		Sent:              b.counters.traffic.Sent.Load(),
		Lags:              b.counters.lags.Load(),
		SlowClients:       b.counters.slow.Load(),
		Unsent:            b.loop.unsent.now.Load(),
		MemoryUsed:        b.memory.estimate(),
		MemoryLimit:       b.config.MaxMemory,
		AuditDropped:      b.audits.droppedSoFar(),
	}
	for l := noLimit + 1; l < limits; l++ {
		r.Refusals = append(r.Refusals, metrics.Refusals{Limit: l.label(), Count: b.refusals.of(l)})
	}
	if b.member != nil && b.member.mayAnswer() {
		r.Term, _ = b.member.asOwner()
	}
	if r.Pause != metrics.Standby {
		r.Loop = b.readLoop()
	}
	return r
}

// readLoop reads what only the loop knows. It returns nil if the loop does not answer in time.
func (b *Broker) readLoop() *metrics.LoopReading {
	ctx, cancel := context.WithTimeout(context.Background(), loopPatience)
	defer cancel()
	var r metrics.LoopReading
	err := b.ask(ctx, func(l *loop) { l.read(&r) })
	if err != nil {
		return nil
	}
	c, err := b.census(ctx)
	if err != nil {
		return nil
	}
	r.LongestWait, r.LongestHold = c.lasts(c.waiter), c.lasts(c.holder)
	return &r
}

// read copies what the loop knows.
func (l *loop) read(r *metrics.LoopReading) {
	*r = metrics.LoopReading{
		Tally: l.tally.Copy(), Now: l.now(), Table: l.table.Statistics(), Watches: l.watching.count,
		Absent: l.core.Absent(),
		Tokens: l.core.TokensLeft(), Reservations: l.reservations,
		ReservationFailures: l.supply.Failures(),
	}
	r.ReadLocks(l.table.UsersOf)
}

// countRound counts the round that has just ended.
func (l *loop) countRound() {
	now := time.Since(l.start)
	l.tally.Round(now, now-l.at)
}
