package simulation

import "time"

// faults makes some faults, most of them about as long as what they could break.
func (g *generator) faults() {
	count := g.dice.IntN(2 + int(5*g.scale))
	var last Fault
	for range count {
		f := Fault{Kind: Freeze + FaultKind(g.dice.IntN(int(singleKinds-Freeze))), At: g.upTo(g.plan.Quiet)}
		// Some defects need two faults, one soon after the other.
		near := last.Kind != noFault && g.fierce && g.chance(60)
		if near {
			f.At = min(last.At+g.upTo(g.unit), g.plan.Quiet)
			if g.chance(50) {
				f.Kind = oneOf(g, Freeze, LateTimers, CutUp, CutUp, CutDown, Lag, LagDown, FailBroker)
			}
		}
		if f.Kind <= DrainClient {
			f.Client = 1 + g.dice.IntN(len(g.plan.Clients))
			if near && last.Client > 0 {
				f.Client = last.Client
			}
		}
		if (f.Kind == CloseClient || f.Kind == DrainClient) && g.chance(60) {
			continue // a closed client does nothing more
		}
		g.measure(&f)
		g.plan.Faults = append(g.plan.Faults, f)
		last = f
		if f.Kind == RestoreSeen || f.Kind == RestoreUnseen { // of no effect unless the broker starts again
			if g.chance(50) {
				g.restart(f.At / 3)
			}
			g.restart(f.At)
		}
	}
}

// restart makes a fault that restarts the broker.
func (g *generator) restart(at time.Duration) {
	f := Fault{Kind: oneOf(g, DrainBroker, KillBroker, VanishBroker), At: at}
	g.measure(&f)
	g.plan.Faults = append(g.plan.Faults, f)
}

// measure decides how long a fault lasts and how strong it is. It ends before the world must become quiet.
func (g *generator) measure(f *Fault) {
	f.For = g.upTo(g.unit * 5 / 4)
	if g.fierce {
		f.For = g.unit/2 + g.upTo(g.unit*2)
	}
	switch f.Kind {
	case Suspend:
		if g.chance(40) {
			f.By = -g.upTo(f.For)
		}
	case SetWall, SetBrokerWall:
		f.By = g.upTo(g.unit*2) - g.unit
		if f.Kind == SetBrokerWall {
			f.By *= 10
		}
		f.For = 0
	case LateTimers:
		f.By = g.upTo(g.unit / 2)
	case Lag, LagDown:
		f.By = g.upTo(g.unit * 2 / 3)
	case SlowReader:
		f.For *= 2
	case SlowLoop:
		f.By = time.Millisecond + g.upTo(g.unit/10)
	case DiskSlow:
		f.By = g.upTo(g.unit / 2)
	case EvictHolder, EvictWaiter:
		f.Lock, f.For = oneOf(g, "a", "a", "b"), 0
	case CloseClient, DrainClient, ResetClient, ResetBroker, CloseBroker, ResetBoth, FailBroker, FailClient,
		RestoreSeen, RestoreUnseen:
		f.For = 0
	}
	f.For = min(f.For, g.plan.Quiet-f.At)
}
