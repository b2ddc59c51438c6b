package locktable

import "time"

// A reduction finds out whether a request could ever be granted. It plays the future through. Each
// holder is released as soon as nothing inside it waits. The grant rule then grants waiting
// requests. A request that has just been granted has nothing inside it, so it is released at once.
// This is repeated until nothing moves.
//
// This is the graph reduction of Holt, "Some Deadlock Properties of Computer Systems", ACM
// Computing Surveys 4(3), 1972. Our names map to the paper's as follows.
//
//   - A resource is a lock. Its units are the holders that the limits allow.
//   - A process is a holder with all requests inside it. Its assignment edges are its places
//     as a holder. Its request edges are the places in queues of the requests inside it. A
//     waiting request without a parent is a process of its own.
//   - A process is blocked while something inside it waits (nest.blocked). The paper grants a
//     process all units that it requests; here the grant rule decides, so a process also waits
//     for the requests ahead of it in the queues.
//   - A reduction of the graph by a process that is not blocked removes its edges. Here that is
//     two steps: grant removes a request from its queues, and release removes a holder.
//   - A graph that cannot be reduced by any process is irreducible. The requests that are still
//     marked blocked in it can never be granted: they are deadlocked.
//
// As in the paper, the order of the reductions does not matter. Once a request can be granted, it
// can be granted until it is: nobody comes before it in its queues, and holders only leave. So the
// requests that are left waiting at the end can never be granted, in any order.
//
// The reduction looks only at requests that the candidate can reach. From each waiting request
// it reaches the holders of its locks, everything inside those holders, and the requests ahead of
// it in the queues. It passes over requests that had to end when it began and have not been ended yet.
//
// It works step by step, through the phases below. What it has reached must not change in the
// meantime; deadlocksearch.go sees to that.
type reduction struct {
	table     *Table
	candidate *request // behind all others in its queues, which do not have it yet
	number    int64    // counts the reductions of the table
	now       time.Duration
	leaves    int64 // sessions whose leftAs is greater had not left yet
	room      int   // how many more places it may look at; below 0: it has given up
	steps     int   // how many are left in this slice
	phase     phase

	// What was reached carries marks: request.mark, lock.reduced, and those of a nest. These
	// lists serve to remove them again. With maps in place of the marks, a search among
	// 10,000 sessions took twice as long.
	waiting pile[*request]
	locks   pile[*reducedLock]
	nests   pile[*nest]

	exploration exploration
	count       blockedCount
	recheck     []*reducedLock // locks whose head may be granted
	unblocked   *nest          // the nest in which one request fewer is blocked since the last step, or nil
	cycle       cycleSearch
}

// A phase is what a reduction does next.
type phase uint8

const (
	exploring phase = iota // find all requests and locks that matter
	counting               // count what blocks each holder, and the holders of each lock
	reducing               // grant requests, and release holders
	tracing                // find the cycle, if the candidate was not granted
	done
)

// A mark says how far the reduction has come with a waiting request.
type mark uint8

const (
	unmarked mark = iota // not reached
	blocked              // reached, and not granted yet
	visited              // can never be granted, and the search for the cycle has reached it
	granted              // granted in the reduction
)

// A reducedLock is the state of a lock in the reduction.
type reducedLock struct {
	lock      *lock
	candidate *place // the place of the candidate, behind the queue, or nil
	head      *place // of the queue; nil: it is empty
	holders   int    // that cannot be released yet
	least     claim  // the least limit among the holders, with the released ones still counted

	holdersReached bool // its holders were explored
	holdersTraced  bool // the search for the cycle has been through its holders
	inRecheck      bool // it is in reduction.recheck
}

// searchPlaces is how many places a reduction may look at, some of them up to three times. It
// is enough for a queue of 100,000.
const searchPlaces = 300_000

// newReduction returns a reduction for a request that would have to wait.
func (t *Table) newReduction(candidate *request) *reduction {
	t.searches++
	d := &reduction{
		table:     t,
		candidate: candidate,
		number:    t.searches,
		now:       t.now,
		leaves:    t.leaves,
		room:      searchPlaces,
	}
	for i := range candidate.places() {
		d.reach(candidate.places()[i].lock) // the search relies on them from now on
	}
	d.addWaiting(candidate)
	return d
}

// run does that many steps, or a few more, and reports whether the answer is known. If the
// candidate is marked visited then, it can never be granted. If room is below 0, there is no
// answer.
func (d *reduction) run(steps int) bool {
	d.steps = steps
	for d.steps > 0 && d.phase != done {
		d.steps--
		if !d.step() {
			d.phase++
		}
		if d.room < 0 || d.phase == tracing && d.candidate.mark == granted {
			d.phase = done
		}
	}
	d.table.charge(steps - d.steps)
	return d.phase == done
}

// step does one step of the phase, and reports whether the phase may have another one.
func (d *reduction) step() bool {
	switch d.phase {
	case exploring:
		return d.explore()
	case counting:
		return d.countBlocked()
	case reducing:
		return d.reduce()
	}
	return d.trace()
}

// unmark removes up to that many marks, and reports whether all are removed.
func (d *reduction) unmark(most int) bool {
	for ; most > 0; most-- {
		d.table.charge(1)
		switch {
		case d.waiting.len > 0:
			d.waiting.pop().mark = unmarked
		case d.locks.len > 0:
			d.locks.pop().lock.reduced = 0
		case d.nests.len > 0:
			d.nests.pop().unmark()
		default:
			return true
		}
	}
	return false
}

// isEnding reports whether r had to end when the reduction began. A victim of a steal under way
// had not: the steal may be abandoned, and then the victim keeps its locks.
func (d *reduction) isEnding(r *request) bool {
	s := r.session
	s.searched = d.number
	return r.dueIndex >= 0 && r.due <= d.now || d.hadLeft(s) &&
		(r.state == waiting || s.keep <= d.now || s.unkeptAs > 0 && s.unkeptAs <= d.leaves)
}

// hadLeft reports whether s had left when the reduction began.
func (d *reduction) hadLeft(s *session) bool { return s.leaving && s.leftAs <= d.leaves }

// endsAnyway reports whether a holder ends even if requests inside it wait: it must end, or its
// session had left when the reduction began.
func (d *reduction) endsAnyway(r *request) bool { return d.isEnding(r) || d.hadLeft(r.session) }

// isBlocked reports whether a holder cannot be released yet, because something inside it waits.
func (d *reduction) isBlocked(r *request) bool {
	return r.inner != nil && r.inner.blocked > 0 && !d.endsAnyway(r)
}

// stateOf returns the state of l, or nil if l was not reached.
func (d *reduction) stateOf(l *lock) *reducedLock {
	if l.reduced == 0 {
		return nil
	}
	return d.locks.at(int(l.reduced) - 1)
}

// reach returns the state of l, and makes it the first time.
func (d *reduction) reach(l *lock) *reducedLock {
	if s := d.stateOf(l); s != nil {
		return s
	}
	s := &reducedLock{lock: l, least: unlimited}
	d.locks.add(s)
	l.reduced = int32(d.locks.len)
	return s
}
