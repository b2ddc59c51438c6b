package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// A Steal reports what a steal has taken from others.
type Steal struct {
	Count   int                // how many requests it has ended
	Victims []wire.RequestInfo // the first of them, at most MaxVictims
}

// MaxVictims is how many victims of a steal are described.
const MaxVictims = 8

// A pendingSteal is a steal under way. It ends the holders of its locks slice by slice. When no
// holder is left, it is granted. Until then nobody else is granted these locks. The steal is in no
// queue, and no event reports it before it is granted.
//
// Steals are done one after another, in the order of arrival, so they cannot block one
// another.
type pendingSteal struct {
	request *request
	by      string
	at      int // the index of the lock that it is taking from its holders
	struck  int // the holders of that many locks have been struck
	report  Steal

	links[pendingSteal]
}

// beginSteal begins a steal for r, and does a slice of the steals under way.
func (t *Table) beginSteal(r *request, a *Acquire, events []Event) []Event {
	t.register(r, nil, a.Locks)
	r.state, r.since = stealing, t.now
	r.session.addWaiting(r)
	s := &pendingSteal{request: r, by: a.By}
	t.stealOf[r] = s
	t.steals.append(s)
	for i := range r.places() {
		t.targets[r.places()[i].lock]++
	}
	return t.continueSteals(events)
}

// continueSteals does a slice of the steals under way.
func (t *Table) continueSteals(events []Event) []Event {
	for t.steals.first != nil && t.stealRoom > 0 && t.granting() {
		s := t.steals.first
		r, victim := s.request, s.victim()
		switch {
		case r.session.leaving, r.session.absent:
			t.stealRoom -= len(r.places())
			events = t.end(r, Event{Kind: Gone}, events)
		case victim != nil:
			t.stealRoom -= len(victim.places())
			event := Event{Kind: Lost, Lost: wire.LostStolen, By: s.by}
			if victim.session.onRecord {
				t.stealWait = true
				t.strikeAll(s, victim, event)
				return events
			}
			s.report.add(t, victim)
			events = t.end(victim, event, events)
		default:
			t.stealRoom -= len(r.places())
			events = t.finishSearchOn(r, events)
			t.endSteal(r)
			r.session.removeWaiting(r)
			events = t.grant(r, events)
			events[len(events)-1].Steal = &s.report
		}
	}
	return events
}

// add adds a victim to the report.
func (s *Steal) add(t *Table, victim *request) {
	s.Count++
	if s.Count <= MaxVictims {
		s.Victims = append(s.Victims, t.describe(&victim.places()[0]))
	}
}

// strikeAll strikes the holders of a lock that are on record, all of them at once. It does so once: no holder is added
// meanwhile. The first one may have come on record since.
func (t *Table) strikeAll(s *pendingSteal, first *request, event Event) {
	strike := func(r *request) {
		t.charge(1)
		if !r.striking && t.mustStrike(r, event) {
			s.report.add(t, r)
		}
	}
	if s.struck > s.at {
		strike(first)
		return
	}
	s.struck = s.at + 1
	for p := s.request.places()[s.at].lock.holders.first; p != nil; p = p.next {
		strike(p.request)
	}
}

// victim returns the next holder of one of the locks, lock by lock, or nil.
func (s *pendingSteal) victim() *request {
	for ; s.at < len(s.request.places()); s.at++ {
		if p := s.request.places()[s.at].lock.holders.first; p != nil {
			return p.request
		}
	}
	return nil
}

// endSteal removes the steal of r from those under way.
func (t *Table) endSteal(r *request) {
	t.steals.remove(t.stealOf[r])
	delete(t.stealOf, r)
	for i := range r.places() {
		l := r.places()[i].lock
		if t.targets[l]--; t.targets[l] == 0 {
			delete(t.targets, l)
		}
	}
}

// isTarget reports whether a steal under way takes l.
func (t *Table) isTarget(l *lock) bool { return len(t.targets) > 0 && t.targets[l] > 0 }
