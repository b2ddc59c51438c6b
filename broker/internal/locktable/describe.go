package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// describe describes the request of p as seen from the lock of p.
func (t *Table) describe(p *place) wire.RequestInfo {
	r := p.request
	t.charge(describeCost + len(r.places()))
	info := wire.RequestInfo{
		ID:         r.id(),
		Author:     r.author,
		Mode:       p.mode(),
		Token:      r.token,
		Locks:      make([]string, len(r.places())),
		Parent:     r.parentID(),
		DurationMS: (t.now - r.since).Milliseconds(),
		Peer:       r.session.peer,
		Gone:       r.state == holding && r.session.leaving,
	}
	if p.isLimited() {
		info.Limit = wire.Some(p.limit())
	}
	for i := range r.places() {
		info.Locks[i] = r.places()[i].lock.name
	}
	return info
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

// MaxCounted is how many requests HeldBy looks at.
const MaxCounted = 1000

// HeldBy describes up to most of the requests of a session that hold, each as seen from its first
// lock. locks is how many locks the session holds. If it holds more than MaxCounted requests, only
// these count, so that nobody has to wait long.
func (t *Table) HeldBy(session string, most int) (holders []wire.RequestInfo, locks int) {
	s := t.sessions[session]
	if s == nil {
		return nil, 0
	}
	looked := 0
	for r := s.holding.first; r != nil && looked < MaxCounted; r = r.next {
		looked++
		locks += len(r.places())
		if len(holders) < most {
			holders = append(holders, t.describe(&r.places()[0]))
		}
	}
	t.charge(looked)
	return holders, locks
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
			for p := l.holders.first; p != nil && room > 0 && len(step.Others) < wire.MaxHoldersTold-1; p = p.next {
				if p != e.blocker {
					step.Others = append(step.Others, t.describe(p))
					room -= t.config.Budget.requestSize(&step.Others[len(step.Others)-1])
				}
			}
		}
		e = e.next
	}
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
