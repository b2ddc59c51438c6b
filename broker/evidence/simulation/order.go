package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// An order is what the broker has decided so far, in its own order of events, over all its runs. It knows only what the
// messages ask for and what the events say, so that it can contradict the lock table.
type order struct {
	w        *World
	b        *broker
	requests map[wire.ID]*request
	pool     []*request
	used     int
	locks    []lock
	arrivals int64
	grants   int64
	live     int // requests that wait or hold
	greatest int64
	revisits bool   // what is looked at again seems to be gone at first
	stolen   bool   // somebody has stolen, or wanted to
	touched  uint64 // the locks whose holders or waiters have changed since the last check
	leaving  []*session

	drains  bool
	before  int64         // how many grants there were before this run
	isClean bool          // the run that stops leaves no stale holders
	stale   time.Duration // how long clients of the runs before this one may be stale holders
	unknown bool          // a state directory that does not know of them was restored, and the broker cannot tell
	// knownFrom is the first run whose clients the broker knows of. That run began on an older copy, and the
	// broker could not tell.
	knownFrom int32
	setBack   bool          // the broker's wall clock was set back
	copied    bool          // the state directory was restored before this run
	grace     time.Duration // nothing may be granted before, on the clock of the run
	pauses    time.Duration // when the grace period ends that the broker has chosen
	next      int64         // the token of the next grant of the run
	limit     int64         // tokens of the run below it are reserved
	clean     bool          // the run that stops leaves no stale holders, and no grace period is left to wait for
}

// A lock is the state of a lock in the broker's order.
type lock struct {
	holders []*request
	queue   []*request
	latest  int64 // the latest exclusive grant
	any     int64 // the latest grant
}

// A request is an acquire that the broker has handled.
type request struct {
	id      wire.ID
	session *session
	state   requestState
	arrival int64
	due     time.Duration // when its wait is over, on the clock of the run; 0: never
	over    time.Duration // when its hold is over, on the clock of the run; 0: never
	hold    time.Duration // 0: no end
	begin   time.Duration // when it was granted, on the clock of the run
	wait    bool          // it may wait
	steal   bool
	cancels bool // its client has cancelled it
	claimed bool // its caller has entered its function
	taken   bool // an operator evicted it while it held, or stole its locks
	told    bool // its client has read that it has lost its locks
	freed   bool // its client has released it while it held
	limits  []int
	locks   []int

	inherited bool          // it held in an earlier term
	condemned bool          // an operator wants to evict it
	had       time.Duration // how long it had waited when this term began, if it was requeued
	requeued  bool          // it waited in an earlier term, and its place depends on its age
	parent    *request
	future    futureState
	token     int64
	grant     int64 // its place among all grants
	run       int32
}

type requestState uint8

const (
	asked requestState = iota
	queued
	holds
	ended
)

// noLimit is the limit of a shared request without one.
const noLimit = 1 << 30

func (o *order) reset(b *broker) {
	w := b.w
	requests, pool, locks := o.requests, o.pool, o.locks
	if requests == nil {
		requests = make(map[wire.ID]*request)
	}
	clear(requests)
	for len(locks) < len(w.lockIndex) {
		locks = append(locks, lock{})
	}
	locks = locks[:len(w.lockIndex)]
	for i := range locks {
		l := &locks[i]
		*l = lock{holders: l.holders[:0], queue: l.queue[:0]}
	}
	*o = order{
		w: w, b: b, requests: requests, pool: pool, locks: locks, leaving: o.leaving[:0], isClean: true,
	}
}

// begin notes an acquire that the broker is about to handle.
func (o *order) begin(s *session, m *wire.Acquire, now time.Duration) {
	if o.used == len(o.pool) {
		o.pool = append(o.pool, &request{})
	}
	r := o.pool[o.used]
	o.used++
	*r = request{
		id: m.ID, session: s, wait: true, steal: m.Steal, limits: r.limits[:0], locks: r.locks[:0],
		parent: o.requests[m.Parent], run: o.b.run,
	}
	for _, spec := range m.Locks {
		limit := 1
		if spec.Mode == wire.Shared {
			limit = spec.Limit.Or(noLimit)
		}
		r.locks, r.limits = append(r.locks, o.w.lockIndex[spec.Name]), append(r.limits, limit)
	}
	if wait, given := m.WaitMS.Get(); given {
		r.wait, r.due = wait > 0, now+time.Duration(wait)*time.Millisecond
	}
	if hold, given := m.HoldMS.Get(); given {
		r.hold = time.Duration(hold) * time.Millisecond
	}
	o.requests[m.ID], o.stolen = r, o.stolen || m.Steal
	s.order = append(s.order, r)
}

// note takes an event of the broker into the order, and checks it.
func (o *order) note(e *locktable.Event) {
	w := o.w
	w.note(uint64(e.Kind)<<48 ^ uint64(e.ID.N) ^ uint64(e.Token)<<8)
	r := o.requests[e.ID]
	if w.traces() {
		w.tracef("broker: %v %v %s", e.ID, e.Kind, e.Reason)
	}
	if r == nil {
		o.checkUnknown(e)
		return
	}
	switch e.Kind {
	case locktable.Gone:
		o.gone(r, e)
	case locktable.Queued:
		o.enqueue(r)
	case locktable.Granted:
		o.checkGrant(r, e)
		o.grant(r, e.Token)
		if !o.b.keepsRecord() { // otherwise what a client is told may come from an earlier owner
			w.checkLeases(r)
		}
	case locktable.Refused:
		o.checkRefusal(r, e)
	default:
		o.checkEnd(r, e)
		o.finish(r)
	}
}

// enqueue puts a request at the end of its queues.
func (o *order) enqueue(r *request) {
	o.checkQueued(r)
	if r.requeued && r.due > 0 {
		r.due += o.b.now()
	}
	o.arrivals++
	r.state, r.arrival = queued, o.arrivals
	o.live++
	for _, i := range r.locks {
		if r.requeued {
			o.locks[i].queue = r.insert(o.locks[i].queue)
		} else {
			o.locks[i].queue = append(o.locks[i].queue, r)
		}
		o.touched |= 1 << i
	}
	o.checkDeadlock(r, false)
}

// grant makes a request hold.
func (o *order) grant(r *request, token int64) {
	o.w.counts.add(SawGrant)
	if r.state == queued {
		o.leaveQueues(r)
	} else {
		o.arrivals++
		r.arrival = o.arrivals
		o.live++
	}
	o.grants++
	r.state, r.token, r.grant, r.begin = holds, token, o.grants, o.b.now()
	if r.hold > 0 {
		r.over = r.begin + r.hold
	}
	o.greatest, o.next = max(o.greatest, token), token+1
	if o.b.keepsRecord() {
		r.grant, o.w.greatest = token, max(o.w.greatest, token)
	}
	for k, i := range r.locks {
		l := &o.locks[i]
		l.holders = append(l.holders, r)
		o.touched |= 1 << i
		l.any = r.grant
		if r.limits[k] == 1 {
			l.latest = r.grant
		}
	}
}

// finish ends a request.
func (o *order) finish(r *request) {
	switch r.state {
	case queued:
		o.leaveQueues(r)
		o.live--
	case holds:
		for _, i := range r.locks {
			o.locks[i].holders = without(o.locks[i].holders, r)
			o.touched |= 1 << i
		}
		o.live--
	}
	r.state = ended
}

func (o *order) leaveQueues(r *request) {
	for _, i := range r.locks {
		o.locks[i].queue = without(o.locks[i].queue, r)
		o.touched |= 1 << i
	}
}

func without(requests []*request, r *request) []*request {
	for i, other := range requests {
		if other == r {
			return append(requests[:i], requests[i+1:]...)
		}
	}
	return requests
}

// cancels notes that the broker handles a cancel.
func (o *order) cancels(id wire.ID) {
	if r := o.requests[id]; r != nil {
		r.cancels = true
		if r.state == holds && !r.claimed {
			o.w.counts.add(SawLateGrant)
		}
	}
}

// first returns the first holder or waiter of a lock, or nil.
func (o *order) first(name string, holder bool) *request {
	i, known := o.w.lockIndex[name]
	if !known {
		return nil
	}
	list := o.locks[i].queue
	if holder {
		list = o.locks[i].holders
	}
	if len(list) == 0 {
		return nil
	}
	return list[0]
}
