package metrics

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A Collector makes the metrics of a broker. Each scrape calls it.
type Collector func() Reading

// Describe implements prometheus.Collector.
func (Collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range definitions {
		to <- d.Desc
	}
}

// Collect implements prometheus.Collector.
func (read Collector) Collect(to chan<- prometheus.Metric) {
	r := read()
	e := emitter(to)
	e.connections(&r)
	e.limits(&r)
	if r.Loop != nil {
		e.sessions(r.Loop)
		e.requests(r.Loop)
		e.loop(r.Loop)
		e.locks(r.Loop)
	}
}

// An emitter sends metrics to the registry.
type emitter chan<- prometheus.Metric

func (e emitter) value(d *definition, value float64, labels ...string) {
	e <- prometheus.MustNewConstMetric(d.Desc, d.kind, value, labels...)
}

func (e emitter) count(d *definition, n int64, labels ...string) { e.value(d, float64(n), labels...) }

func (e emitter) seconds(d *definition, t time.Duration, labels ...string) {
	e.value(d, t.Seconds(), labels...)
}

func (e emitter) histogram(d *definition, h *Histogram, labels ...string) {
	e <- h.metric(d.Desc, labels...)
}

func (e emitter) flag(d *definition, on bool, labels ...string) {
	if on {
		e.value(d, 1, labels...)
		return
	}
	e.value(d, 0, labels...)
}

func (e emitter) connections(r *Reading) {
	e.count(handshakes, int64(r.Handshakes))
	e.count(handshakesRefused, r.HandshakesRefused)
	for _, status := range slices.Sorted(maps.Keys(r.UpgradesRefused)) {
		e.count(upgradesRefused, r.UpgradesRefused[status], strconv.Itoa(status))
	}
	e.count(received, r.Received)
	e.count(sent, r.Sent)
}

func (e emitter) limits(r *Reading) {
	if r.Pause != Standby { // otherwise there is no loop
		e.flag(loopResponding, r.Loop != nil)
	}
	e.count(ownerTerm, r.Term)
	for _, reason := range pauses {
		e.flag(pause, r.Pause == reason, reason)
	}
	e.count(watchLags, r.Lags)
	e.count(unsent, r.Unsent)
	e.count(slowClients, r.SlowClients)
	e.count(memoryUsed, r.MemoryUsed)
	e.count(memoryLimit, r.MemoryLimit)
	for _, refused := range r.Refusals {
		e.count(refusals, refused.Count, refused.Limit)
	}
	e.count(auditDropped, r.AuditDropped)
}

func (e emitter) sessions(l *LoopReading) {
	for c, name := range clientNames {
		opened, closed := l.Tally.opened[c], l.Tally.closed[c]
		e.count(sessions, opened-closed, name)
		e.count(sessionsOpened, opened, name)
	}
	for i, name := range endNames {
		e.count(sessionsEnded, l.Tally.ends[i], name)
	}
	e.count(sessionsKept, int64(l.Table.Kept))
	e.count(sessionsAbsent, int64(l.Absent))
	e.count(sessionsAbandoned, l.Tally.abandoned)
	e.count(resumptions, l.Tally.resumed, "resumed")
	e.count(resumptions, l.Tally.notResumed, "refused")
}

func (e emitter) requests(l *LoopReading) {
	e.count(requests, int64(l.Table.Waiting), stateNames[waiting])
	e.count(requests, int64(l.Table.Holding), stateNames[holding])
	e.count(grants, l.Tally.Grants())
	for how, name := range wayNames {
		for state, count := range l.Tally.ended[how] {
			if canEnd(way(how), state) {
				e.count(requestsEnded, count, name, stateNames[state])
			}
		}
	}
	for _, code := range codes {
		e.count(errorsTold, l.Tally.errors[code], string(code))
	}
	e.histogram(waitSeconds, &l.Tally.granted, "granted")
	e.histogram(waitSeconds, &l.Tally.gaveUp, "ended")
	e.histogram(holdSeconds, &l.Tally.held)
	e.seconds(longestWait, l.LongestWait)
	e.seconds(longestHold, l.LongestHold)
	e.count(locksInUse, int64(l.Table.Locks))
	e.count(locksRemembered, int64(l.Table.Remembered))
}

func (e emitter) loop(l *LoopReading) {
	e.count(watches, int64(l.Watches))
	e.histogram(roundSeconds, &l.Tally.rounds)
	e.seconds(longestRound, l.Tally.peak.At(l.Now))
	e.histogram(inboxWait, &l.Tally.inbox)
	e.count(tokensReserved, l.Tokens)
	e.count(reservations, l.Reservations, "done")
	e.count(reservations, l.ReservationFailures, "failed")
}

func (e emitter) locks(l *LoopReading) {
	if !l.Tally.locks.any() {
		return
	}
	for i, c := range l.Tally.locks.all {
		e.count(lockRequests, int64(l.uses[i].waiting), c.name, stateNames[waiting])
		e.count(lockRequests, int64(l.uses[i].holding), c.name, stateNames[holding])
		e.count(lockGrants, c.grants, c.name)
		e.value(lockWaited, c.waited, c.name)
		e.value(lockHeld, c.held, c.name)
	}
	e.count(lockDropped, l.Tally.locks.dropped)
}
