package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// whySteps is how many requests a question may look at; the way that it has come
// by then is the answer.
const whySteps = 2_000

// Why answers who is in the way of a request, who is in the way of that one, and
// so on, down to one that waits for nobody. It is empty when nobody is in the way.
// It reports whether there is such a request.
func (t *Table) Why(now time.Duration, id wire.ID, events []Event) ([]wire.Step, bool, []Event) {
	events = t.answer(id, t.advance(now, events))
	r := t.find(id)
	if r == nil {
		return nil, false, events
	}
	return t.chain(r), true, events
}

// WhyLock is Why for the first that waits for a lock, if anybody does.
func (t *Table) WhyLock(now time.Duration, name string, events []Event) ([]wire.Step, []Event) {
	events = t.advance(now, events)
	l := t.locks.get(name)
	if l == nil || l.queue.first == nil {
		return []wire.Step{}, events
	}
	return t.chain(l.queue.first.request), events
}

// A pursuit follows those who are in the way of a request.
type pursuit struct {
	table   *Table
	room    int                  // how many more requests it looks at
	found   map[*request]bool    // those that wait, to which it has come, and whether anybody is in their way
	pending map[*nest][]*request // what waits in there, or further inside, as far as it was looked up
	forks   [][]*link            // ways not tried yet, step by step
}

// chain is the way from r to one that waits for nobody. A way that comes back
// to where it was is not the answer: it turns round and takes the next. There
// is one that ends, or there were a deadlock.
func (t *Table) chain(r *request) []wire.Step {
	p := newPursuit(t, r)
	last := p.follow(r)
	t.charge(pursuitCost * (whySteps - p.room))
	if last != nil {
		return t.describeSteps(last.way())
	}
	return []wire.Step{}
}

func newPursuit(t *Table, r *request) *pursuit {
	return &pursuit{
		table:   t,
		room:    whySteps,
		found:   map[*request]bool{r: true},
		pending: make(map[*nest][]*request),
	}
}

// follow returns the last step of the way, nil when nobody is in the way of r.
func (p *pursuit) follow(r *request) (last *link) {
	p.forks = [][]*link{p.inTheWay(r, nil)}
	for len(p.forks) > 0 && p.room > 0 {
		fork := &p.forks[len(p.forks)-1]
		if len(*fork) == 0 {
			p.forks = p.forks[:len(p.forks)-1]
			continue
		}
		last, *fork = (*fork)[0], (*fork)[1:]
		if p.endsAt(last) {
			return last
		}
	}
	return last
}

// endsAt reports whether the blocker of l waits for nobody, which is so too where
// all that it waits for is that something is granted again. If it does wait, that
// is to be followed next.
func (p *pursuit) endsAt(l *link) bool {
	ends := true
	for _, r := range p.waitsFor(l.blocker.request) {
		blocked, known := p.found[r]
		if !known {
			further := p.inTheWay(r, l)
			if blocked = len(further) > 0; blocked {
				p.forks = append(p.forks, further)
			}
			p.found[r] = blocked
		}
		ends = ends && !blocked
	}
	return ends
}

// waitsFor is what must be granted before r can end: r itself if it waits, else
// what waits inside it. One that is over waits for nothing, nor does what a session that
// has left still holds.
func (p *pursuit) waitsFor(r *request) []*request {
	switch {
	case r.isOver(p.table.now) || r.state != waiting && (r.nest == nil || r.session.leaving):
		return nil
	case r.state == waiting:
		return []*request{r}
	}
	waits, known := p.pending[r.nest]
	if !known {
		waits = p.waitInside(r.nest)
		p.pending[r.nest] = waits
	}
	return waits
}

// waitInside is what waits in n, or further inside.
func (p *pursuit) waitInside(n *nest) (waits []*request) {
	for nests := []*nest{n}; len(nests) > 0; nests = nests[1:] {
		for _, kin := range nests[0].requests {
			if p.room <= 0 {
				return waits
			}
			if p.room--; kin.state == waiting && !kin.isOver(p.table.now) {
				waits = append(waits, kin)
			}
			if kin.nest != nil {
				nests = append(nests, kin.nest)
			}
		}
	}
	return waits
}

// inTheWay is who is in the way of r: first those with something inside that waits,
// holders before the heads of queues, then the longest of the other holders.
func (p *pursuit) inTheWay(r *request, before *link) (links []*link) {
	if r.state != waiting {
		return nil
	}
	var longest *link
	for i := range r.places() {
		at := &r.places()[i]
		if p.table.fits(at.lock, at.limit()) {
			continue
		}
		for blocker := at.lock.holders.first; blocker != nil && p.room > 0; blocker = blocker.next {
			p.room--
			l := &link{request: r, at: at, blocker: blocker, before: before}
			switch {
			case len(p.waitsFor(blocker.request)) > 0:
				links = append(links, l)
			case longest == nil || blocker.request.token < longest.blocker.request.token:
				longest = l
			}
		}
	}
	for i := range r.places() {
		if at := &r.places()[i]; at.lock.queue.first != at && p.room > 0 {
			p.room--
			links = append(links, &link{request: r, at: at, blocker: at.lock.queue.first, before: before})
		}
	}
	if longest != nil {
		links = append(links, longest)
	}
	return links
}
