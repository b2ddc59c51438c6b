package main

import (
	"context"
	"errors"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
	"github.com/lockbroker/lockbroker/wsclient"
)

// sampling is the time between two samples of a lock that is held.
const sampling = 10 * time.Millisecond

// hold reports samples until the lock is lost, the drawn time has passed, or the thread must hurry. A thread that
// watches asks Valid only once, at the beginning. From then on it looks at the context alone.
func (th *thread) hold(q record, lock *wsclient.Lock) {
	ctx := lock.Context()
	at := event.Now()
	if ctx.Err() != nil || !lock.Valid() {
		<-ctx.Done()
		q.lostAt(ctx)
		return
	}
	q.held(at)
	over := time.NewTimer(th.least + th.upTo(th.holding-th.least))
	defer over.Stop()
	tick := time.NewTicker(sampling)
	defer tick.Stop()
	pace := pace{latest: at}
	for last := false; !last; {
		select {
		case <-tick.C:
		case <-ctx.Done():
		case <-over.C:
			last = true
		case <-th.hurry:
			last = true
		}
		at := event.Now()
		steady := pace.isSteady(at)
		switch {
		case ctx.Err() != nil:
			q.lostAt(ctx)
			return
		case th.watches:
			if steady {
				q.held(at)
			}
		case lock.Valid():
			q.held(at)
		default:
			<-ctx.Done()
			q.lostAt(ctx)
			return
		}
	}
}

// lostAt reports when the lock of the context was lost, if it was.
func (q record) lostAt(ctx context.Context) {
	if lost := new(wsclient.LostError); errors.As(context.Cause(ctx), &lost) {
		at := event.Now() - time.Since(lost.Since).Nanoseconds()
		q.write(event.Event{Time: at, Verb: event.LostAt, Request: q.request})
	}
}

// A pace says whether a thread runs at its usual pace. If not, its process was frozen, or the machine is busy. Then the
// timers of the client are late, too, and a lock that is lost looks as if it were held.
type pace struct {
	latest int64 // the time of the latest sample
	streak int   // how many samples have come in time since one was late
}

// longestGap is the longest time between two samples that are in time, and enough how many must be.
const (
	longestGap = 50 * time.Millisecond
	enough     = 5
)

// isSteady adds a sample, and reports whether it and those before it came in time.
func (p *pace) isSteady(at int64) bool {
	p.streak++
	if at-p.latest > longestGap.Nanoseconds() {
		p.streak = 0
	}
	p.latest = at
	return p.streak >= enough
}
