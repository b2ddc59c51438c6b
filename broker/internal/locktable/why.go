package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// chainSearchRequests is how many requests the search for a chain may look at. If it is not
// enough, the answer is the path found so far.
const chainSearchRequests = 2_000

// Why returns the chain of blockers from a request: its blocker, the blocker of that one, and so
// on, down to a request that waits for nobody. The chain is empty if nobody is in the way. Each
// step also names the other holders of its lock. Why also reports whether the request is known.
func (t *Table) Why(now time.Duration, id wire.ID, events []Event) ([]wire.Step, bool, []Event) {
	events = t.finishSearchFor(id, t.advance(now, events))
	r := t.find(id)
	if r == nil {
		return nil, false, events
	}
	return t.chain(r), true, events
}

// WhyLock is Why for the first waiter of a lock. The chain is empty if nobody waits.
func (t *Table) WhyLock(now time.Duration, name string, events []Event) ([]wire.Step, []Event) {
	events = t.advance(now, events)
	l := t.locks.get(name)
	if l == nil || l.queue.first == nil {
		return []wire.Step{}, events
	}
	return t.chain(l.queue.first.request), events
}

// chain returns the chain from r.
func (t *Table) chain(r *request) []wire.Step {
	c := newChainSearch(t, r)
	last := c.run(r)
	t.charge(chainSearchCost * (chainSearchRequests - c.room))
	if last == nil {
		return []wire.Step{}
	}
	first := last.path()
	steps := t.describeSteps(first)
	t.addOtherHolders(steps, first)
	return steps
}

// A chainSearch finds a chain by a depth-first search. If a path leads back to a request on it, the
// search turns back and takes the next edge. There is always a chain, because otherwise there would
// be a deadlock.
type chainSearch struct {
	table   *Table
	room    int                  // how many more requests it may look at
	blocked map[*request]bool    // for each waiting request that it has reached: does anybody block it?
	inside  map[*nest][]*request // the requests that wait in a nest or further inside, once looked up
	untried [][]*edge            // edges not tried yet, for each step of the path
}

func newChainSearch(t *Table, r *request) *chainSearch {
	return &chainSearch{
		table:   t,
		room:    chainSearchRequests,
		blocked: map[*request]bool{r: true},
		inside:  make(map[*nest][]*request),
	}
}

// run returns the last edge of the chain, or nil if nobody blocks r.
func (c *chainSearch) run(r *request) (last *edge) {
	c.untried = [][]*edge{c.edgesFrom(r, nil)}
	for len(c.untried) > 0 && c.room > 0 {
		edges := &c.untried[len(c.untried)-1]
		if len(*edges) == 0 {
			c.untried = c.untried[:len(c.untried)-1]
			continue
		}
		last, *edges = (*edges)[0], (*edges)[1:]
		if c.endsWith(last) {
			return last
		}
	}
	return last
}

// endsWith reports whether the chain ends with e: its blocker waits for nobody. This is so,
// too, if the blocker waits only until the table grants again. If the blocker does wait for
// somebody, endsWith adds the edges to try next.
func (c *chainSearch) endsWith(e *edge) bool {
	ends := true
	for _, r := range c.waitsFor(e.blocker.request) {
		blocked, known := c.blocked[r]
		if !known {
			further := c.edgesFrom(r, e)
			if blocked = len(further) > 0; blocked {
				c.untried = append(c.untried, further)
			}
			c.blocked[r] = blocked
		}
		ends = ends && !blocked
	}
	return ends
}

// waitsFor returns the requests that must be granted before r can end: r itself if it waits,
// otherwise the requests that wait inside it. A request that must end waits for nothing. Nor does a holder
// whose session has left.
func (c *chainSearch) waitsFor(r *request) []*request {
	switch {
	case r.isEnding(c.table.now) || r.state != waiting && (r.inner == nil || r.session.leaving):
		return nil
	case r.state == waiting:
		return []*request{r}
	}
	waits, known := c.inside[r.inner]
	if !known {
		waits = c.waitingInside(r.inner)
		c.inside[r.inner] = waits
	}
	return waits
}

// waitingInside returns the requests that wait in n or further inside.
func (c *chainSearch) waitingInside(n *nest) (waits []*request) {
	for nests := []*nest{n}; len(nests) > 0; nests = nests[1:] {
		for _, r := range nests[0].requests {
			if c.room <= 0 {
				return waits
			}
			if c.room--; r.state == waiting && !r.isEnding(c.table.now) {
				waits = append(waits, r)
			}
			if r.inner != nil {
				nests = append(nests, r.inner)
			}
		}
	}
	return waits
}

// edgesFrom returns the edges from r in the order in which to try them: first to holders
// inside which something waits, then to the heads of queues, then to the longest of the
// other holders.
func (c *chainSearch) edgesFrom(r *request, prev *edge) []*edge {
	if r.state != waiting {
		return nil
	}
	edges, longest := c.edgesToHolders(r, prev)
	for i := range r.places() {
		if at := &r.places()[i]; at.lock.queue.first != at && c.room > 0 {
			c.room--
			edges = append(edges, &edge{request: r, at: at, blocker: at.lock.queue.first, prev: prev})
		}
	}
	if longest != nil {
		edges = append(edges, longest)
	}
	return edges
}

// edgesToHolders returns the edges from r to holders inside which something waits. It also
// returns the edge to the longest of the other holders, or nil.
func (c *chainSearch) edgesToHolders(r *request, prev *edge) (edges []*edge, longest *edge) {
	for i := range r.places() {
		at := &r.places()[i]
		if c.table.fits(at.lock, at.limit()) {
			continue
		}
		for blocker := at.lock.holders.first; blocker != nil && c.room > 0; blocker = blocker.next {
			c.room--
			e := &edge{request: r, at: at, blocker: blocker, prev: prev}
			switch {
			case len(c.waitsFor(blocker.request)) > 0:
				edges = append(edges, e)
			case longest == nil || blocker.request.token < longest.blocker.request.token:
				longest = e
			}
		}
	}
	return edges, longest
}
