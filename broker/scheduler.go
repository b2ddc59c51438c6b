package broker

import "github.com/lockbroker/lockbroker/broker/internal/fair"

// The loop's time is counted in steps of about 20 ns. The lock table says how many steps it took.
const (
	stepsOfEvent = 30     // to tell a client of an event
	stepsOfItem  = 50     // to handle any item, without what the table does for it
	stepsOfSlice = 50_000 // a slice, 1 ms: then the loop looks at the clock and the network again
)

// maxCredit is how much the plain lane can save up against the freeing lane.
const maxCredit = 1000

// A scheduler holds the sessions that wait for their turn, in three lanes. Each lane is shared
// fairly by cost. While others wait, the freeing lane gets at most two thirds of the time of short
// work, and long work gets at most a third of all. So each of them leaves a debt when it goes
// first.
type scheduler struct {
	queues [lanes]fair.Queue[*session]

	owedToPlain int // what plain work may cost before freeing work goes first again
	owedToShort int // what short work may cost before long work goes on
}

// any reports whether a session waits.
func (t *scheduler) any() bool { return t.anyShort() || t.queues[laneLong].Len() > 0 }

func (t *scheduler) anyShort() bool {
	return t.queues[laneFreeing].Len() > 0 || t.queues[lanePlain].Len() > 0
}

// mayBeLong reports whether it is the turn of long work.
func (t *scheduler) mayBeLong() bool { return t.owedToShort <= 0 || !t.anyShort() }

// nextLane returns the lane whose turn it is. At least one session must be waiting.
func (t *scheduler) nextLane() lane {
	switch {
	case t.queues[laneLong].Len() > 0 && t.mayBeLong():
		return laneLong
	case t.queues[laneFreeing].Len() > 0 && (t.owedToPlain <= 0 || t.queues[lanePlain].Len() == 0):
		return laneFreeing
	}
	return lanePlain
}

// spent records what work of a lane has cost.
func (t *scheduler) spent(in lane, cost int) {
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

// forgive cancels the debts to lanes in which no session waits.
func (t *scheduler) forgive() {
	if t.queues[lanePlain].Len() == 0 {
		t.owedToPlain = 0
	}
	if !t.anyShort() {
		t.owedToShort = 0
	}
}

// serve gives turns for a slice of work, or until no session waits. After each piece of long work
// it collects what has arrived: short work goes first.
func (l *loop) serve() {
	l.scheduler.forgive()
	maintained := false // one slice of maintenance is enough
	for budget := stepsOfSlice; budget > 0; {
		in := laneLong
		switch {
		case !maintained && l.maintenanceIsNext():
			l.maintained, maintained = true, true
			budget -= l.maintain()
		case l.searching != nil && l.scheduler.mayBeLong():
			l.maintained = false
			budget -= l.search()
		case l.scheduler.any():
			in = l.scheduler.nextLane()
			if in == laneLong {
				l.maintained = false
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

// maintenanceIsNext reports whether it is the turn of maintenance. It alternates with the long work
// of sessions.
func (l *loop) maintenanceIsNext() bool {
	if !l.hasMaintenance() || !l.scheduler.mayBeLong() {
		return false
	}
	othersWait := l.searching != nil || l.scheduler.queues[laneLong].Len() > 0
	return !l.maintained || !othersWait
}

// serveOne gives one session its turn, and returns the cost.
func (l *loop) serveOne(in lane) int {
	queue := &l.scheduler.queues[in]
	flow := queue.Next()
	s := flow.Owner
	s.waits = false
	if !s.wantsTurn() || l.mustWait(s) { // it has ended, or must wait for something else, since it was queued
		queue.Rest(flow)
		return 1
	}
	before := l.spent()
	l.takeTurn(s)
	cost := stepsOfItem + l.spentSince(before)
	flow.Charge(cost)
	l.scheduler.spent(in, cost)
	if s.wantsTurn() && s.lane() == in && !l.mustWait(s) {
		s.waits = true
		queue.Again(flow)
		return cost
	}
	queue.Rest(flow)
	l.queue(s)
	return cost
}

// takeTurn continues the page of s, or handles the next item of s.
func (l *loop) takeTurn(s *session) {
	if s.listing != nil {
		l.continueListing(s)
		return
	}
	l.handle(s.todo.pop(&l.spare))
	s.backlog.shrink()
}

// wantsTurn reports whether there is something to do for the session.
func (s *session) wantsTurn() bool { return s.listing != nil || s.todo.first != nil }

// lane returns the lane in which a session that wants a turn waits for it.
func (s *session) lane() lane {
	if s.listing != nil {
		return laneLong
	}
	return laneOf(&s.todo.first.item)
}

// queue lets a session wait for its turn, unless it wants none or must wait for something else
// first.
func (l *loop) queue(s *session) {
	if s.waits || !s.wantsTurn() || l.mustWait(s) {
		return
	}
	s.waits = true
	in := s.lane()
	l.scheduler.queues[in].Add(&s.flows[in])
}
