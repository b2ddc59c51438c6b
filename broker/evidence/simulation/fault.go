package simulation

// beginFault lets a fault begin.
func (w *World) beginFault(f *Fault, number int32) {
	var affects bool
	if f.Kind <= DrainClient {
		affects = w.faultClient(f)
	} else {
		affects = w.faultBroker(f)
	}
	if !affects {
		return
	}
	w.counts.Faults[f.Kind]++
	w.tracef("FAULT %s client %d for %v by %v", f.Kind, f.Client, f.For, f.By)
	w.events.add(event{at: w.now + f.For, kind: evHeal, what: number})
}

// endFault lets a fault end.
func (w *World) endFault(e *event) {
	if e.what < 0 {
		w.restartBroker()
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
		if !w.brokers[0].up {
			w.restartBroker()
		}
	case FreezeBroker:
		if w.brokers[0].up && w.brokers[0].frozen {
			w.tracef("broker goes on")
			w.brokers[0].goOn()
		}
	}
}
