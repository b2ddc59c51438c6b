package simulation

// faultBroker begins a fault of the broker or of its disk, or an act of an operator. It reports whether there was
// something to affect.
func (w *World) faultBroker(b *broker, f *Fault) bool {
	switch f.Kind {
	case EvictHolder, EvictWaiter:
		return b.evict(f.Lock, f.Kind == EvictHolder)
	case SetBrokerWall:
		b.clock.set(w.now, f.By)
		b.order.setBack = b.order.setBack || f.By < 0
		return true
	case SlowLoop:
		b.slowUntil, b.slowBy = w.now+f.For, f.By
		return true
	case CutStore:
		b.storeCut = max(b.storeCut, w.now+f.For)
		return true
	case StoreDown:
		w.store.down = max(w.store.down, w.now+f.For)
		return true
	case CutBroker:
		b.cut = max(b.cut, w.now+f.For)
		return true
	case DrainBroker, KillBroker, VanishBroker, FreezeBroker, SuspendBroker, PauseBroker:
		return b.up && !b.frozen && b.stopBy(f)
	}
	return w.plan.StateDir && !(w.plan.Lasting && f.Kind > DiskSlow) && w.disk.fault(f)
}

// stopBy stops the process of the broker in some way.
func (b *broker) stopBy(f *Fault) bool {
	w := b.w
	switch f.Kind {
	case DrainBroker:
		if w.plan.isCluster() && b.member.term == 0 {
			return b.stopStandby(f)
		}
		if !b.serves || b.machine.IsDraining() {
			return false
		}
		b.restartsAt = w.now + f.For
		b.drain()
	case KillBroker, VanishBroker:
		w.tracef("broker dies")
		b.restartsAt = w.now + f.For
		b.die(f.Kind == VanishBroker)
	case FreezeBroker, SuspendBroker, PauseBroker:
		b.frozen = true
		b.stood = b.stood || f.Kind != FreezeBroker
		if f.Kind == SuspendBroker {
			b.clock.suspend(w.now)
		}
		if f.Kind == PauseBroker {
			b.clock.halt(w.now)
		}
	}
	return true
}

// stopStandby stops a broker that is not the owner.
func (b *broker) stopStandby(f *Fault) bool {
	b.restartsAt = b.w.now + f.For
	b.die(false)
	b.add(event{at: b.restartsAt, kind: evHeal, what: -1})
	return true
}

// fault begins a fault of the disk.
func (d *disk) fault(f *Fault) bool {
	switch until := d.w.now + f.For; f.Kind {
	case DiskFails:
		d.fails = max(d.fails, until)
	case DiskSlow:
		d.slow, d.slowBy = max(d.slow, until), f.By
	default:
		if d.restores {
			return false
		}
		d.restores, d.seen = true, f.Kind == RestoreSeen
	}
	return true
}

// restartBroker starts the broker again.
func (w *World) restartBroker(b *broker) {
	d, o := &w.disk, &b.order
	if b.up || b.restartsAt == 0 || b.restartsAt > w.now {
		return
	}
	b.hostDown = false
	if d.restores {
		d.restores = false
		d.restore(d.seen)
	}
	o.copied = d.isCopy
	o.unknown = d.isCopy && (!d.copied || w.plan.NextTimeout > 0) // a copy may not know the last session timeout
	b.start()
}
