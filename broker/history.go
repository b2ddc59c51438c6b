package broker

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"sync"
	"time"
)

const (
	// historyInterval is the time between two points of the history.
	historyInterval = time.Second
	// historyPoints is how many points the history keeps: those of a quarter of an hour. They take 36 KB.
	historyPoints = 900
)

// A history keeps what the dashboard shows of the last 15 minutes: a point for each second since the
// broker has started to serve, numbered from 1. So a page that is opened later sees what was.
type history struct {
	run string // differs from that of every other run

	mu   sync.Mutex
	last int64                // the number of the last point
	ring [historyPoints]point // the point n is at n modulo the length
}

// A point says what one second was like. The zero point says that this is not known.
type point struct {
	known       bool
	grants      int64 // in this second
	waiting     int   // requests, at its end
	longestWait time.Duration
	longestHold time.Duration
}

// MarshalJSON writes the point as the page reads it.
func (p point) MarshalJSON() ([]byte, error) {
	if !p.known {
		return []byte("null"), nil
	}
	return json.Marshal([]int64{
		p.grants, int64(p.waiting), p.longestWait.Milliseconds(), p.longestHold.Milliseconds(),
	})
}

func newHistory() *history { return &history{run: rand.Text()} }

// put adds a point. The points between the last one and this one are not known.
func (h *history) put(number int64, p point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for missing := max(h.last, number-historyPoints) + 1; missing < number; missing++ {
		h.ring[missing%historyPoints] = point{}
	}
	h.ring[number%historyPoints] = p
	h.last = number
}

// after returns a copy of the points after a number, as far as they are kept, and the number of the
// last point. If there is no point with that number yet, it is that of another run: all points are new.
func (h *history) after(number int64) (points []point, last int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if number > h.last {
		number = 0
	}
	points = []point{} // not null in JSON
	for n := max(number, h.last-historyPoints) + 1; n <= h.last; n++ {
		points = append(points, h.ring[n%historyPoints])
	}
	return points, h.last
}

// A recorder adds a point to the history each second. It takes the numbers from where the metrics have
// them.
type recorder struct {
	broker  *Broker
	history *history
	granted int64 // how many requests were granted until the last known point
	known   int64 // the number of that point
}

// run records until ctx ends.
func (r *recorder) run(ctx context.Context) {
	start := time.Now() // before the ticker, so that no tick comes too early
	ticker := time.NewTicker(historyInterval)
	defer ticker.Stop()
	r.follow(ctx, start, ticker.C)
}

// follow records at each tick. A ticker drops ticks while the process is frozen or the machine is too busy, so
// the number of a point follows from the clock.
func (r *recorder) follow(ctx context.Context, start time.Time, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			r.record(ctx, int64(time.Since(start)/historyInterval))
		}
	}
}

// record adds the point with a number, unless there is one already: the tick after a late one may come early.
func (r *recorder) record(ctx context.Context, number int64) {
	if number <= r.history.last { // only this goroutine changes it
		return
	}
	p, granted := r.broker.readPoint(ctx)
	if p.known {
		p.grants = perSecond(granted-r.granted, number-r.known)
		r.granted, r.known = granted, number
	}
	r.history.put(number, p)
}

// perSecond returns how many requests were granted in each of some seconds. This is more than one second
// only after a point that is not known: then nobody knows in which second they were granted.
func perSecond(grants, seconds int64) int64 { return (grants + seconds/2) / seconds }

// readPoint asks the loop for a point without its grants, and for how many requests were granted so far.
// The point is not known if the loop does not answer in time.
func (b *Broker) readPoint(ctx context.Context) (p point, granted int64) {
	ctx, cancel := context.WithTimeout(ctx, loopPatience)
	defer cancel()
	var now struct {
		granted int64
		waiting int
	}
	err := b.ask(ctx, func(l *loop) {
		now.granted, now.waiting = l.tally.Grants(), l.table.Statistics().Waiting
	})
	if err != nil {
		return point{}, 0 // the loop may still write to now
	}
	c, err := b.census(ctx)
	if err != nil {
		return point{}, 0
	}
	return point{
		known: true, waiting: now.waiting, longestWait: c.lasts(c.waiter), longestHold: c.lasts(c.holder),
	}, now.granted
}
