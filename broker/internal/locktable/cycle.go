package locktable

import (
	"strconv"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// The last phase of a reduction finds the cycle, if the candidate can never be granted.
//
// Such a candidate is always in a cycle, because the table had no deadlock before, except just after a
// crash: see search.isStuck. The candidate is
// behind all others, and only now keeps the holders around it from ending. A waiting request
// without a parent keeps no holder from ending. For each other nested request there was a search
// when it came. And when a request ends, the requests inside it block no holder that they did not
// block before. So if a request can never be granted now, the candidate is the cause. The edges from
// it lead back to a holder around it.

// An edge says that request waits at one of its places because of blocker. The blocker holds the
// same lock, or is earlier in its queue.
type edge struct {
	request     *request
	at, blocker *place
	prev        *edge // its blocker is request, or has request inside it; nil: the first edge
	next        *edge // set once the path is known
}

// path returns the first edge of the path that ends with e, with next set in each. It is for
// short paths.
func (e *edge) path() *edge {
	for ; e.prev != nil; e = e.prev {
		e.prev.next = e
	}
	return e
}

// A cycleSearch finds the shortest path of edges from the candidate, along blocked requests, back
// to a holder around the candidate. It is a breadth-first search. Each step takes from the first
// field that has something left.
type cycleSearch struct {
	linking *edge // on the path that was found: the last edge whose prev does not have its next
	length  int   // how many edges of the path have been linked
	first   *edge // of the path, once all of it has been linked

	nested []*request // of a nest inside the blocker of last
	nests  []*nest    // further nests inside it
	last   *edge      // the edge at hand
	holder *place     // the next holder of the lock at hand
	head   *place     // of the queue of the lock at hand
	places []place    // of the request at hand, those still to come
	at     *place     // the place at hand
	from   *edge      // has the request at hand, and the edge before it
	found  pile[*edge]
	begun  int // how many of found were begun
}

// trace follows one edge, or one request inside a blocker.
func (d *reduction) trace() bool {
	c := &d.cycle
	switch {
	case c.linking != nil:
		return c.link()
	case len(c.nested) > 0:
		r := c.nested[0]
		c.nested = c.nested[1:]
		d.visit(r)
	case len(c.nests) > 0:
		last := len(c.nests) - 1
		c.nested, c.nests = c.nests[last].requests, c.nests[:last]
	case c.holder != nil:
		p := c.holder
		c.holder = p.next
		if d.isBlocked(p.request) {
			d.follow(p)
		}
	case c.head != nil:
		p := c.head
		c.head = nil
		d.follow(p)
	case len(c.places) > 0:
		c.at, c.places = &c.places[0], c.places[1:]
		d.traceAt()
	case c.from == nil:
		d.candidate.mark = visited
		c.begin(&edge{request: d.candidate})
	case c.begun < c.found.len:
		c.begun++
		c.begin(c.found.at(c.begun - 1))
	default:
		return false // it is in no cycle
	}
	return true
}

// begin begins with the places of the request of e.
func (c *cycleSearch) begin(e *edge) { c.from, c.places = e, e.request.places() }

// traceAt begins with the blockers at the place at hand, as the reduction has left it: the
// holders of the lock, if the request does not fit and they were not traced before, and the
// head of the queue.
func (d *reduction) traceAt() {
	c := &d.cycle
	s := d.stateOf(c.at.lock)
	if !s.holdersTraced && !s.fits(c.at.limit()) {
		s.holdersTraced = true
		c.holder = c.at.lock.holders.first
	}
	if s.head != c.at {
		c.head = s.head
	}
}

// follow makes an edge to a blocker at the place at hand. It then follows the reason why the
// blocker does not end: it is blocked itself, or requests inside it are.
func (d *reduction) follow(blocker *place) {
	c := &d.cycle
	d.steps -= placeCost
	c.last = &edge{request: c.from.request, prev: c.from.prev, at: c.at, blocker: blocker}
	d.visit(blocker.request)
}

// visit looks at the blocker of the edge at hand, or at a request inside it. It goes through each
// nest once. When it reaches the candidate, the path is found.
func (d *reduction) visit(r *request) {
	c := &d.cycle
	if r == d.candidate {
		c.linking, c.length = c.last, 1
		return
	}
	if r.mark == blocked {
		r.mark = visited
		c.found.add(&edge{request: r, prev: c.last})
	}
	if n := r.inner; n != nil && n.blocked > 0 && !n.traced {
		n.traced = true
		c.nests = append(c.nests, n)
	}
}

// link sets next in one more edge of the path, and reports whether there may be another one.
func (c *cycleSearch) link() bool {
	e := c.linking
	if e.prev == nil {
		c.first = e
		return false
	}
	e.prev.next = e
	c.linking = e.prev
	c.length++
	return true
}

// deadlock refuses the candidate and describes the cycle. The blocker of each step is the
// request of the next step, or that request is inside it. The candidate is inside the blocker
// of the last step.
func (d *reduction) deadlock() Event {
	first, all := d.cycle.first, d.cycle.length
	if first == nil {
		panic("locktable: " + d.candidate.id().String() + " can never be granted, and is in no cycle")
	}
	steps := d.table.describeSteps(first)
	reason := "waiting for " + first.at.lock.name + " could never end"
	if len(steps) < all {
		shown := strconv.Itoa(len(steps))
		reason += ": a cycle of " + strconv.Itoa(all) + " steps, of which the first " + shown + " are told"
	}
	event := refused(d.candidate.id(), wire.Deadlock, reason)
	event.Cycle, event.Steps = steps, all
	return event
}
