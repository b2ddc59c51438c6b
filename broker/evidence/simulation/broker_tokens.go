package simulation

// keepTokens reserves tokens if it is time.
func (b *broker) keepTokens() {
	if b.limit > 0 {
		return
	}
	reservation, wanted := b.machine.WantsTokens(b.now())
	if !wanted {
		return
	}
	b.limit = reservation.Limit
	if !b.w.plan.StateDir {
		b.machine.TokensReserved(b.limit)
		b.limit = 0
		if now := b.now(); b.serves && b.machine.CanAllow(now) {
			b.tell(b.machine.Allow(now, b.events[:0]))
		}
		return
	}
	b.w.disk.next = reservation.Record()
	b.store()
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
		b.machine.TokensReserved(b.limit)
		b.limit = 0
		if !b.frozen {
			b.serve()
			b.round()
		}
	default:
		b.w.events.add(event{at: b.when(b.now() + reserveRetry), kind: evDisk, gen: b.run, what: -1})
	}
}
