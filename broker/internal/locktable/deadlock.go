package locktable

import (
	"strconv"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// chainBytes is how long a cycle, or a chain, may be as JSON, about. What would
// be longer is cut short.
const chainBytes = pageBytes

// deadlock asks whether r, which would have to wait, could ever be granted. If
// not, or if that would take too long to find out, it returns the refusal; that
// of a deadlock says who waits for whom: each step's blocker has the owner of the
// next step's request, the last one's that of the first, r.
//
// A table has no deadlock before: a request without a parent waits behind all
// others and none of them waits for its owner, and one with a parent was asked
// this question. So what can never be granted now is so because of r, and the
// way from r along those who are in the way leads back to its owner.
func (t *Table) deadlock(r, parent *request, a Acquire) (refusal Event, found bool) {
	r.state, r.since = waiting, t.now
	for i := range r.places() {
		l := t.locks.get(a.Locks[i].Name)
		if l == nil {
			l = &lock{name: a.Locks[i].Name} // not in use unless r is admitted
		}
		r.places()[i].lock = l
	}
	t.join(r, parent)
	d := t.reduce(r)
	defer d.close()
	switch {
	case d.room < 0:
		refusal = refused(r.id(), wire.TooMany, "so many wait for one another that looking for a deadlock would take too long")
	case r.part == stuck:
		refusal = t.deadlocked(d.wayBack())
	default:
		return Event{}, false
	}
	t.leave(r)
	return refusal, true
}

// deadlocked describes the steps, as many as are allowed, of a cycle.
func (t *Table) deadlocked(cycle []*link) Event {
	first := cycle[0]
	steps := t.describeSteps(cycle)
	reason := "waiting for " + first.at.lock.name + " could never end"
	if len(steps) < len(cycle) {
		reason += ": a cycle of " + strconv.Itoa(len(cycle)) + " steps, of which the first " + strconv.Itoa(len(steps)) + " are told"
	}
	event := refused(first.request.id(), wire.Deadlock, reason)
	event.Cycle = steps
	return event
}

// describeSteps describes the steps until that would be too long.
func (t *Table) describeSteps(links []*link) []wire.Step {
	steps, room := []wire.Step{}, chainBytes
	for _, l := range links {
		if room <= 0 {
			break
		}
		step := wire.Step{Request: t.describe(l.at), Lock: l.at.lock.name, Blocker: t.describe(l.blocker)}
		room -= step.Size()
		steps = append(steps, step)
	}
	return steps
}

// A link is a step on the way along those who are in each other's way: request
// waits at a place of its own because of blocker.
type link struct {
	request     *request
	at, blocker *place
	before      *link // whose blocker has the owner of request; nil: the first
}

// wayBack is the shortest way from asked, along those who are stuck, back to the
// owner of asked.
func (d *reduction) wayBack() []*link {
	d.asked.part = found
	next := []*link{{request: d.asked}}
	for len(next) > 0 {
		from := next[0]
		next = next[1:]
		for i := range from.request.places() {
			at := &from.request.places()[i]
			for _, blocker := range d.blockers(at) {
				step := &link{request: from.request, before: from.before, at: at, blocker: blocker}
				if blocker.request.kinOf(d.asked) {
					return step.way()
				}
				for _, r := range keepsWaiting(blocker.request) {
					if r.part == stuck {
						r.part = found
						next = append(next, &link{request: r, before: step})
					}
				}
			}
		}
	}
	panic("locktable: " + d.asked.id().String() + " can never be granted, and is in no cycle")
}

// way is all steps from the first to l.
func (l *link) way() []*link {
	n := 0
	for at := l; at != nil; at = at.before {
		n++
	}
	way := make([]*link, n)
	for ; l != nil; l = l.before {
		n--
		way[n] = l
	}
	return way
}

// blockers are those who are in the way at that place in the end: who holds the
// lock, if it does not fit and they were not looked at before, and the head of
// the queue.
func (d *reduction) blockers(at *place) (blockers []*place) {
	s := d.stand(at.lock)
	if !s.looked && !d.fits(s, at.limit()) {
		s.looked = true
		for p := at.lock.holders.first; p != nil; p = p.next {
			if d.stays(p.request) {
				blockers = append(blockers, p)
			}
		}
		for _, p := range s.granted {
			if d.stays(p.request) {
				blockers = append(blockers, p)
			}
		}
	}
	if s.head != at {
		blockers = append(blockers, s.head)
	}
	return blockers
}

// keepsWaiting is among whom the reason is why a blocker does not go away: it is
// stuck itself, or its owner is, who is gone through once.
func keepsWaiting(blocker *request) []*request {
	if blocker.part == stuck || blocker.part == found {
		return []*request{blocker}
	}
	if blocker.owner.searched {
		return nil
	}
	blocker.owner.searched = true
	return blocker.owner.requests
}
