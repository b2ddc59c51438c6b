package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// A Theft tells what a steal has done to others.
type Theft struct {
	Count   int                // of all victims
	Victims []wire.RequestInfo // the first of them, at most MaxVictims
}

// MaxVictims is how many victims of a steal are described.
const MaxVictims = 8

// A theft is a steal under way. It ends the holders of its locks slice by slice, and is
// granted when nobody holds them any more. Meanwhile nobody else is granted any of them.
// It stands in no queue, and nobody is told of it before it is granted.
//
// Thefts are done one after the other, in order of arrival, so they cannot keep one another
// from going on.
type theft struct {
	request *request
	by      string
	at      int // which of its locks is being emptied
	told    Theft

	links[theft]
}

// steal begins a theft for r, and does a slice of those under way.
func (t *Table) steal(r *request, a Acquire, events []Event) []Event {
	t.admit(r, nil, a.Locks)
	r.state, r.since = stealing, t.now
	r.session.waiting.append(r)
	f := &theft{request: r, by: a.By}
	t.theft[r] = f
	t.thefts.append(f)
	for i := range r.places() {
		t.taken[r.places()[i].lock]++
	}
	return t.goOnStealing(events)
}

// goOnStealing does a slice of the thefts under way.
func (t *Table) goOnStealing(events []Event) []Event {
	for t.thefts.first != nil && t.takeRoom > 0 && t.grants() {
		f := t.thefts.first
		r := f.request
		victim := f.victim()
		switch {
		case r.session.leaving:
			t.takeRoom -= len(r.places())
			events = t.end(r, Event{Kind: Gone}, events)
		case victim != nil:
			t.takeRoom -= len(victim.places())
			f.told.Count++
			if f.told.Count <= MaxVictims {
				f.told.Victims = append(f.told.Victims, t.describe(&victim.places()[0]))
			}
			events = t.end(victim, Event{Kind: Lost, Lost: wire.LostStolen, By: f.by}, events)
		default:
			t.takeRoom -= len(r.places())
			events = t.disturb(r, events)
			t.endTheft(r)
			r.session.waiting.remove(r)
			events = t.grant(r, events)
			events[len(events)-1].Theft = &f.told
		}
	}
	return events
}

// victim is the next that holds one of the locks, lock by lock, or nil.
func (f *theft) victim() *request {
	for ; f.at < len(f.request.places()); f.at++ {
		if p := f.request.places()[f.at].lock.holders.first; p != nil {
			return p.request
		}
	}
	return nil
}

// endTheft takes the theft of r out of those under way.
func (t *Table) endTheft(r *request) {
	t.thefts.remove(t.theft[r])
	delete(t.theft, r)
	for i := range r.places() {
		l := r.places()[i].lock
		if t.taken[l]--; t.taken[l] == 0 {
			delete(t.taken, l)
		}
	}
}

// isTaken reports whether a theft under way takes l.
func (t *Table) isTaken(l *lock) bool { return len(t.taken) > 0 && t.taken[l] > 0 }
