package broker

import (
	"github.com/lockbroker/lockbroker/broker/internal/fair"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// Whose turn it is. What a session has sent waits in order, and the first of it decides in which lane
// the session waits for its turn. Each lane is shared fairly, by cost. Costs are counted in steps, of
// some 20 ns each: the lock table says how many it took.
const (
	stepsOfEvent = 30     // what it costs to tell a client of an event
	stepsOfItem  = 50     // what any item costs, beside what the table does for it
	stepsOfSlice = 50_000 // how much the loop does before it looks at the clock and the network again: 1 ms
)

// maxCredit is how much may be owed to what frees.
const maxCredit = 1000

// A lane is a kind of work.
type lane uint8

const (
	laneFreeing lane = iota // release, cancel and the end: others wait for what they free
	lanePlain
	laneLong // what may take a whole slice
	lanes
)

// laneOf is the lane of an item.
func laneOf(it *item) lane {
	switch it.kind {
	case itemEnded:
		return laneFreeing
	case itemRequest:
		switch m := it.request.(type) {
		case *wire.Release, *wire.Cancel:
			return laneFreeing
		case *wire.Info, *wire.Why, *wire.Evict:
			return laneLong
		case *wire.Acquire:
			if m.Steal || !m.Parent.IsZero() {
				return laneLong
			}
		}
	}
	return lanePlain
}

// turns are all who wait for one.
type turns struct {
	queues [lanes]fair.Queue[*session]

	// While others wait, what frees gets at most two thirds of the time of short work, and what is long
	// gets at most a third of all. So each leaves a debt when it goes first.
	owedToPlain int // what plain work may cost before freeing goes first again
	owedToShort int // what short work may cost before long work goes on
}

// any reports whether anybody waits.
func (t *turns) any() bool { return t.anyShort() || t.queues[laneLong].Len() > 0 }

func (t *turns) anyShort() bool {
	return t.queues[laneFreeing].Len() > 0 || t.queues[lanePlain].Len() > 0
}

// mayBeLong reports whether it is the turn of long work.
func (t *turns) mayBeLong() bool { return t.owedToShort <= 0 || !t.anyShort() }

// nextLane is the lane whose turn it is. Somebody must be waiting.
func (t *turns) nextLane() lane {
	switch {
	case t.queues[laneLong].Len() > 0 && t.mayBeLong():
		return laneLong
	case t.queues[laneFreeing].Len() > 0 && (t.owedToPlain <= 0 || t.queues[lanePlain].Len() == 0):
		return laneFreeing
	}
	return lanePlain
}

// spent notes what work of a lane has cost.
func (t *turns) spent(in lane, cost int) {
	switch in {
	case laneLong:
		t.owedToShort += 2 * cost
		return
	case laneFreeing:
		t.owedToPlain += cost / 2
	case lanePlain:
		t.owedToPlain = max(t.owedToPlain-cost, -maxCredit)
	}
	t.owedToShort = max(t.owedToShort-cost, 0)
}

// forgive forgets what is owed to those who want nothing.
func (t *turns) forgive() {
	if t.queues[lanePlain].Len() == 0 {
		t.owedToPlain = 0
	}
	if !t.anyShort() {
		t.owedToShort = 0
	}
}

// serve gives turns until that was a slice of work, or nobody wants one. After each piece of long work
// it looks for what has come: long work is for when nobody else wants anything.
func (l *loop) serve() {
	l.turns.forgive()
	kept := false // a slice of upkeep is enough
	for budget := stepsOfSlice; budget > 0; {
		in := laneLong
		switch {
		case !kept && l.upkeepIsNext():
			l.upkept, kept = true, true
			budget -= l.workOn()
		case l.asking != nil && l.turns.mayBeLong():
			l.upkept = false
			budget -= l.search()
		case l.turns.any():
			in = l.turns.nextLane()
			if in == laneLong {
				l.upkept = false
			}
			budget -= l.serveOne(in)
		default:
			return
		}
		if in == laneLong {
			l.collect()
		}
	}
}

// upkeepIsNext reports whether it is the turn of the loop's own work: it takes turns with the long work of sessions.
func (l *loop) upkeepIsNext() bool {
	return l.hasUpkeep() && l.turns.mayBeLong() && !(l.upkept && (l.asking != nil || l.turns.queues[laneLong].Len() > 0))
}

// serveOne gives one turn, and returns what it has cost.
func (l *loop) serveOne(in lane) int {
	queue := &l.turns.queues[in]
	flow := queue.Next()
	s := flow.Owner
	s.waits = false
	if !s.wantsTurn() || l.isHeldUp(s) { // it has ended while its page was made, or must wait since
		queue.Rest(flow)
		return 1
	}
	before := l.spent()
	l.takeTurn(s)
	cost := stepsOfItem + l.spentSince(before)
	flow.Charge(cost)
	l.turns.spent(in, cost)
	if s.wantsTurn() && s.lane() == in && !l.isHeldUp(s) {
		s.waits = true
		queue.Again(flow)
		return cost
	}
	queue.Rest(flow)
	l.await(s)
	return cost
}

// takeTurn goes on with the page of s, or does the next that s has sent.
func (l *loop) takeTurn(s *session) {
	if s.listing != nil {
		l.list(s)
		return
	}
	l.handle(s.todo.pop(&l.spare))
	s.handled()
}

// wantsTurn reports whether there is something to do for the session.
func (t *turn) wantsTurn() bool { return t.listing != nil || t.todo.first != nil }

// lane is where a session that wants a turn waits for it.
func (t *turn) lane() lane {
	if t.listing != nil {
		return laneLong
	}
	return laneOf(&t.todo.first.item)
}

// await lets a session wait for its turn, unless it wants none, or must wait for something else.
func (l *loop) await(s *session) {
	if s.waits || !s.wantsTurn() || l.isHeldUp(s) {
		return
	}
	s.waits = true
	in := s.lane()
	l.turns.queues[in].Add(&s.flows[in])
}

// isHeldUp reports whether what s wants next must wait for something else than its turn. When that
// has come, await is called again.
func (l *loop) isHeldUp(s *session) bool {
	switch {
	case s.listing != nil:
		return false
	case s.auditing && !l.endsSteal(s) || s.asking:
		return true
	}
	if l.asking != nil && l.touches(&s.todo.first.item) {
		l.heldBack = append(l.heldBack, s)
		return true
	}
	if s.closing || s.leaves || !asksForPage(s.todo.first.request) {
		return false
	}
	if !s.paging && l.pages.room(s.share) <= 0 {
		l.awaitRoom(s)
		return true
	}
	return s.paging
}

// endsSteal reports whether what s wants next may end a steal of it that is under way: that must not wait until the
// steal is done.
func (l *loop) endsSteal(s *session) bool {
	if !s.stealing || s.closing {
		return s.stealing
	}
	m, cancels := s.todo.first.request.(*wire.Cancel)
	if !cancels {
		return false
	}
	_, is := l.stealing[m.ID]
	return is
}

// A todoList is what a session has sent and the loop has not handled yet.
type todoList struct{ first, last *todo }

type todo struct {
	item
	next *todo
}

func (t *todoList) push(it item, spare *spareTodos) {
	n := spare.take()
	n.item = it
	if t.first == nil {
		t.first = n
	} else {
		t.last.next = n
	}
	t.last = n
}

// pop returns the first item, of which there is one.
func (t *todoList) pop(spare *spareTodos) item {
	n := t.first
	it := n.item
	t.first = n.next
	if t.first == nil {
		t.last = nil
	}
	spare.put(n)
	return it
}

// spareTodos are used again.
type spareTodos struct {
	first *todo
	len   int
}

const maxSpareTodos = 4096

func (s *spareTodos) take() *todo {
	n := s.first
	if n == nil {
		return new(todo)
	}
	s.first, s.len = n.next, s.len-1
	n.next = nil
	return n
}

func (s *spareTodos) put(n *todo) {
	*n = todo{}
	if s.len < maxSpareTodos {
		n.next, s.first = s.first, n
		s.len++
	}
}
