package broker

import "github.com/lockbroker/lockbroker/broker/internal/fair"

// The loop measures its work in steps of about 20 ns. The lock table counts its own steps.
const (
	stepsOfEvent = 30     // telling a client about an event
	stepsOfItem  = 50     // handling any item, not counting what the table does for it
	stepsOfSlice = 50_000 // a slice, about 1 ms; after it the loop looks at the clock and the network
)

// maxCredit is how much credit the plain lane can save up against the freeing lane.
const maxCredit = 1000

// A scheduler holds the sessions that wait for their turn, in three lanes. Within a lane, time is
// shared fairly by cost. Freeing and plain work together are short work. While all lanes are busy,
// long work gets a third of all time, and freeing work gets two thirds of the rest. To enforce
// this, work that goes first leaves a debt.
type scheduler struct {
	queues [lanes]fair.Queue[*session]

	owedToPlain int // the cost that plain work may run up before freeing work goes first again
	owedToShort int // the cost that short work may run up before long work continues
}

// any reports whether a session waits.
func (t *scheduler) any() bool { return t.anyShort() || t.queues[laneLong].Len() > 0 }

func (t *scheduler) anyShort() bool {
	return t.queues[laneFreeing].Len() > 0 || t.queues[lanePlain].Len() > 0
}

// mayBeLong reports whether long work may have the next turn.
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

// spent records the cost of work done in a lane.
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

// forgive cancels debts that are owed to lanes in which no session waits.
func (t *scheduler) forgive() {
	if t.queues[lanePlain].Len() == 0 {
		t.owedToPlain = 0
	}
	if !t.anyShort() {
		t.owedToShort = 0
	}
}

// serve gives sessions turns for one slice of work, or until none is waiting. After each piece of
// long work it collects what has arrived, so that new short work can go first.
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

// maintenanceIsNext reports whether maintenance has the next turn. It alternates with the long work
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
	if !s.wantsTurn() || l.mustWait(s) { // something has changed since it was queued
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

// takeTurn continues the unfinished page or sweep of s, or taking up a session, or handles the next item of s.
func (l *loop) takeTurn(s *session) {
	if s.listing != nil {
		l.continueListing(s)
		return
	}
	if s.sweep != nil {
		l.continueSweep(s)
		return
	}
	if s.isTakingUp() {
		l.continueResume(s)
		return
	}
	it := s.todo.pop(&l.spare)
	if s.unjudged > 0 {
		s.unjudged--
		l.judgeAgain(s, &it)
	}
	l.queued -= int64(it.units)
	l.handle(it)
	s.backlog.shrink(it.units)
}

// wantsTurn reports whether there is something to do for s.
func (s *session) wantsTurn() bool { return s.isLong() || s.todo.first != nil }

// isLong reports whether s has begun something that takes several turns.
func (s *session) isLong() bool { return s.listing != nil || s.sweep != nil || s.isTakingUp() }

// lane returns the lane in which s waits for its turn. s must want one.
func (s *session) lane() lane {
	if s.isLong() {
		return laneLong
	}
	return laneOf(&s.todo.first.item)
}

// queue makes a session wait for its turn, unless it wants none or must first wait for something
// else.
func (l *loop) queue(s *session) {
	if s.waits || !s.wantsTurn() || l.mustWait(s) {
		return
	}
	s.waits = true
	in := s.lane()
	l.scheduler.queues[in].Add(&s.flows[in])
}
