package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file checks what must be true when the loop rests. Whether the loop may rest, and whether the broker may grant
// nothing, follows from what the world knows, and not from what the broker says.

// checkRound checks what must be true after a round of the loop: no request waits that could be granted, and sessions
// whose time is over have left nothing.
func (o *order) checkRound(now time.Duration) {
	o.checkOverdue(now)
	if o.b.keepsRecord() {
		o.isBusy(now)
		return
	}
	o.checkReserving()
	if o.isBusy(now) {
		return
	}
	o.checkLeaving(now)
	o.checkDrained(now)
	o.checkWaiters(now)
}

// checkDue checks P16 and P17 some time after a timer of the broker: the loop has noticed that a grace period or a
// drain is over.
func (o *order) checkDue(now time.Duration) {
	b := o.b
	if b.keepsRecord() || !b.serves || b.isSlow() || b.busy == o.w.now {
		return
	}
	if o.drains && now >= b.drainEnds {
		o.w.violate(promise.Drain, "the broker has had until %v to stop, and serves at %v", b.drainEnds, now)
	}
	o.checkWaiters(now)
}

// isBusy reports whether the loop is not done, because it works in slices. The broker says so. The world accepts that
// only while the loop is slow, or if the next slice follows at once.
func (o *order) isBusy(now time.Duration) bool {
	b := o.b
	due, some := b.machine.Deadline(now)
	isDone := !some || due > now
	switch {
	case isDone || b.isSlow():
		b.busy = 0
	case b.busy == 0:
		b.busy = o.w.now
	case b.busy < o.w.now:
		o.w.violate(promise.Liveness, "the loop has had work since %v, and is not done", b.busy)
	}
	return !isDone
}

// pause returns why the broker may grant nothing, or "" if it must grant.
func (o *order) pause(now time.Duration) wire.Pause {
	switch {
	case o.drains:
		return wire.PauseDraining
	case now < o.pauses:
		return wire.PauseGrace
	case o.next >= o.limit:
		return wire.PauseNoTokens
	}
	return ""
}

// checkReserving checks P9 when no tokens are left: the broker is reserving some.
func (o *order) checkReserving() {
	b := o.b
	if o.pause(b.now()) != wire.PauseNoTokens {
		return
	}
	o.w.counts.add(SawNoTokens)
	if b.limit == 0 {
		o.w.violate(promise.TokenPause, "no tokens below %d are left, and the broker reserves none", o.limit)
	}
}

// checkDrained checks P16 when a broker that drains rests: something holds, and has time left.
func (o *order) checkDrained(now time.Duration) {
	b := o.b
	if o.drains && (o.live == 0 || now >= b.drainEnds) && !b.machine.IsDrained(now) {
		o.w.violate(promise.Drain, "%d requests are left at %v, and had until %v: the broker does not stop",
			o.live, now, b.drainEnds)
	}
}

// checkWaiters checks P3: no request waits that could be granted. It looks at the locks that have changed.
func (o *order) checkWaiters(now time.Duration) {
	if o.touched == 0 || o.pause(now) != "" {
		return
	}
	touched := o.touched
	o.touched = 0
	for i := range o.locks {
		if touched&(1<<i) == 0 || len(o.locks[i].queue) == 0 {
			continue
		}
		first := o.locks[i].queue[0]
		if o.isFirst(first) && o.fits(first) && !first.session.ended {
			o.w.violate(promise.Fairness, "%v waits, its locks are free, and nobody is ahead", first.id)
		}
	}
}
