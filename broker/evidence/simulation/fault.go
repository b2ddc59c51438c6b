package simulation

// beginFault lets a fault begin.
func (w *World) beginFault(f *Fault, number int32) {
	var affects bool
	b := w.brokerOf(f)
	if f.Kind <= DrainClient {
		affects = w.faultClient(f)
	} else {
		affects = w.faultBroker(b, f)
	}
	if !affects {
		return
	}
	w.counts.Faults[f.Kind]++
	w.tracef("FAULT %s client %d broker %d for %v by %v", f.Kind, f.Client, b.index+1, f.For, f.By)
	b.add(event{at: w.now + f.For, kind: evHeal, what: number})
}

// endFault lets a fault end.
func (w *World) endFault(e *event) {
	if e.what < 0 {
		w.restartBroker(w.brokers[e.who])
		return
	}
	f := &w.plan.Faults[e.what]
	n := (*node)(nil)
	if f.Client > 0 {
		n = w.nodeOf(f.Client)
	}
	switch f.Kind {
	case Freeze, Suspend:
		n.thaw(f.For)
	case Kill, Vanish:
		n.hostDown = false
		if !n.up {
			n.start()
		}
	case SlowReader:
		for _, c := range n.links {
			w.goOn(c, down)
		}
	case KillBroker, VanishBroker:
		if b := w.brokers[e.who]; !b.up {
			w.restartBroker(b)
		}
	case FreezeBroker, SuspendBroker, PauseBroker:
		if b := w.brokers[e.who]; b.up && b.frozen {
			w.tracef("broker goes on")
			b.goOn()
		}
	}
}

// brokerOf returns the broker that a fault affects.
func (w *World) brokerOf(f *Fault) *broker {
	if f.Broker > 0 {
		return w.brokers[f.Broker-1]
	}
	for _, b := range w.brokers {
		if w.plan.isCluster() && b.member.term != 0 && b.member.self.ID == w.store.head.Owner.ID {
			return b
		}
	}
	return w.brokers[0]
}
