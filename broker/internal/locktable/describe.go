package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// describe describes the request of p as seen from the lock of p.
func (t *Table) describe(p *place) wire.RequestInfo {
	var info wire.RequestInfo
	t.describeInto(&info, p)
	return info
}

// describeInto is describe into info, whose memory for names it reuses.
func (t *Table) describeInto(info *wire.RequestInfo, p *place) {
	r := p.request
	t.charge(describeCost + len(r.places()))
	names := info.Locks[:0]
	if cap(names) < len(r.places()) {
		names = make([]string, 0, len(r.places()))
	}
	for i := range r.places() {
		names = append(names, r.places()[i].lock.name)
	}
	*info = wire.RequestInfo{
		ID:         r.id(),
		Author:     r.author,
		Mode:       p.mode(),
		Token:      r.token,
		Locks:      names,
		Parent:     r.parentID(),
		DurationMS: (t.now - r.since).Milliseconds(),
		Peer:       r.session.peer,
		Gone:       r.session.absent || r.state == holding && r.session.leaving,
	}
	if p.isLimited() {
		info.Limit = wire.Some(p.limit())
	}
}

// describeSteps describes the edges from e on, until Budget.Chain is used up.
func (t *Table) describeSteps(e *edge) []wire.Step {
	steps := []wire.Step{}
	for room := t.config.Budget.Chain; e != nil && room > 0; e = e.next {
		step := wire.Step{Request: t.describe(e.at), Lock: e.at.lock.name, Blocker: t.describe(e.blocker)}
		room -= t.config.Budget.stepSize(&step)
		steps = append(steps, step)
	}
	return steps
}

// HeldBy describes the first requests of a session that hold, at most most of them, in the order of
// their grants. Each is described as seen from its first lock.
func (t *Table) HeldBy(session string, most int) (holders []wire.RequestInfo) {
	s := t.sessions.Get(session)
	if s == nil {
		return nil
	}
	for r := s.holding.first; r != nil && len(holders) < most; r = r.next {
		holders = append(holders, t.describe(&r.places()[0]))
	}
	return holders
}

// addOtherHolders adds the other holders to each of the steps, which describe the edges from e on.
// It describes them until Budget.Chain is used up. The holders behind a waiting blocker are left
// out, because the next step is about them.
func (t *Table) addOtherHolders(steps []wire.Step, e *edge) {
	room := t.config.Budget.Chain
	for i := range steps {
		room -= t.config.Budget.stepSize(&steps[i])
	}
	for i := range steps {
		step, l := &steps[i], e.at.lock
		if e.blocker.request.state == holding && l.holding > 1 {
			step.Holding = int(l.holding)
			step.Others = t.otherHolders(e.blocker, room)
			for k := range step.Others {
				room -= t.config.Budget.requestSize(&step.Others[k])
			}
		}
		e = e.next
	}
}

// otherHolders describes the first holders of a lock besides one of them, until room is used up.
func (t *Table) otherHolders(holder *place, room int) (others []wire.RequestInfo) {
	for p := holder.lock.holders.first; p != nil && room > 0; p = p.next {
		switch {
		case p == holder:
		case len(others) == wire.MaxHoldersTold-1:
			return others
		default:
			other := t.describe(p)
			room -= t.config.Budget.requestSize(&other)
			others = append(others, other)
		}
	}
	return others
}

// SomeHolders describes up to most requests that hold, each as seen from its first lock. It
// looks only at the first 10,000 locks, so that nobody has to wait long.
func (t *Table) SomeHolders(most int) (holders []wire.RequestInfo) {
	const locks = 10_000
	looked := 0
	t.bySeq.Scan(func(l *lock) bool {
		looked++
		if p := l.holders.first; p != nil && p.lock == p.request.places()[0].lock {
			holders = append(holders, t.describe(p))
		}
		return looked < locks && len(holders) < most
	})
	t.charge(looked)
	return holders
}
