package simulation

import "github.com/lockbroker/lockbroker/broker/evidence/promise"

// keepTokens reserves tokens if it is time. Without a state directory, that takes no time.
func (b *broker) keepTokens() {
	for b.limit == 0 {
		reservation, wanted := b.machine.WantsTokens(b.now())
		if !wanted {
			break
		}
		b.limit = reservation.Limit
		if next := b.order.next; b.limit <= next && !b.keepsRecord() {
			b.w.violate(promise.TokenPause, "the broker reserves tokens below %d, and needs token %d",
				b.limit, next)
		}
		if b.keepsRecord() {
			b.source().reserve(reservation)
			return
		}
		if b.w.plan.StateDir {
			b.w.disk.next = reservation.Record()
			b.store()
			return
		}
		b.reserved()
		if now := b.now(); b.serves && b.machine.CanAllow(now) {
			b.tell(b.machine.Allow(now, b.events[:0]))
		}
	}
}

// reserved ends a reservation.
func (b *broker) reserved() {
	b.machine.TokensReserved(b.limit)
	b.order.limit, b.limit = b.limit, 0
	if b.keepsRecord() {
		b.retryUnrecorded()
		b.serve()
	}
}

// store begins to write what the disk must keep.
func (b *broker) store() { b.w.disk.begin(b.w.disk.next, false) }

// written ends a write to the disk.
func (b *broker) written(e *event) {
	d := &b.w.disk
	if !d.writing || e.gen != b.run || e.what != int32(d.writes) {
		return
	}
	stops, done := d.stops, d.finish()
	switch {
	case stops:
		b.exit()
	case !b.up:
	case done:
		b.reserved()
		if !b.frozen {
			b.serve()
			b.round()
		}
	default:
		b.add(event{at: b.when(b.now() + reserveRetry), kind: evDisk, gen: b.run, what: -1})
	}
}
