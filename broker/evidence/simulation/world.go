package simulation

import (
	"fmt"
	"io"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// Options say how to run a plan. The zero value runs it with Go clients.
type Options struct {
	// NewClient makes the program of a client. nil: the Go client.
	NewClient func(number int, config simclient.Config, dice func() float64) Program
	// Trace gets a line for each thing that happens. nil: none.
	Trace io.Writer
	// Break breaks the world on purpose, to show that the checks notice.
	Break Break
}

// A Result is what a run has shown.
type Result struct {
	Violation *promise.Violation // the first promise that was broken, or nil
	At        time.Duration      // when that was
	Steps     int                // how many events have happened
	Hash      uint64             // of everything that has happened, in order
	Counts    Counts             // how often interesting things have happened
}

// Err returns the violation, or nil.
func (r *Result) Err() error {
	if r.Violation == nil {
		return nil
	}
	return fmt.Errorf("at %v: %w", r.At, r.Violation)
}

// A World runs one plan after another, and reuses its memory. It is not safe for concurrent use.
type World struct {
	plan    *Plan
	options Options
	now     time.Duration
	events  queue
	steps   int
	hash    uint64
	counts  Counts

	brokers   []*broker
	disk      disk
	store     store
	nodes     []*node
	conns     []*conn
	calls     []*call
	resources []resource
	writes    []write
	lockIndex map[string]int
	inside    []*call // those whose functions run
	called    int64   // how many calls have been made
	open      int     // calls that are not over
	named     int     // sessions so far

	lastConns map[string]*conn // of clusters: the last connection of each session, by its name
	taken     map[wire.ID]bool // of clusters: requests whose locks were taken, and whose clients have not read that
	told      map[wire.ID]bool // of clusters: requests whose clients have read that they are lost
	gone      map[string]bool  // of clusters: sessions that nobody has taken up in time
	struck    map[int64]bool   // of clusters: tokens that were struck off the record
	claimed   []int64          // of clusters: the greatest token with which a lock was held exclusively
	greatest  int64            // of clusters: the greatest token granted
	term      int64            // of clusters: the last one
	excused   []*call          // reused by checkLeases

	forgotten int64 // writes under earlier grants are not checked: see forgetTokens
	over      bool
	end       time.Duration // by then everything must have come to rest
	violation *promise.Violation
	brokenAt  time.Duration
}

// mostSteps ends a run that does not come to rest.
const mostSteps = 200_000

// Run runs a plan.
func (w *World) Run(plan *Plan, options Options) Result {
	w.reset(plan, options)
	w.run()
	return Result{
		Violation: w.violation, At: w.brokenAt, Steps: w.steps, Counts: w.counts,
		Hash: mix(w.hash, uint64(w.now)),
	}
}

// run lets everything happen.
func (w *World) run() {
	for w.violation == nil && !w.over && len(w.events.heap) > 0 {
		if w.steps++; w.steps > mostSteps {
			w.violate(promise.Liveness, "the world does not come to rest within %d events", mostSteps)
			break
		}
		e := w.events.next()
		w.now = e.at
		if w.now > w.end {
			break
		}
		w.happen(&e)
		w.over = w.isAtRest() && w.now >= w.plan.Quiet
	}
	if w.violation == nil {
		w.checkEnd()
	}
}

// isAtRest reports whether all calls have ended, and no request is left.
func (w *World) isAtRest() bool { return w.open == 0 && w.live() == 0 }

// live returns how many requests wait or hold.
func (w *World) live() (live int) {
	for _, b := range w.brokers {
		live += b.order.live
	}
	return live
}

// request returns a request that a broker has handled, or nil.
func (w *World) request(id wire.ID) *request {
	for _, b := range w.brokers {
		if r := b.order.requests[id]; r != nil {
			return r
		}
	}
	return nil
}

// Run runs a plan in a new world.
func Run(plan *Plan, options Options) Result { return new(World).Run(plan, options) }

// reset makes the world as it is before anything has happened.
func (w *World) reset(plan *Plan, options Options) {
	w.plan, w.options = plan, options
	w.now, w.steps, w.hash, w.over, w.violation, w.brokenAt = 0, 0, plan.Seed, false, nil, 0
	w.counts, w.forgotten = Counts{}, 0
	w.events.reset()
	w.conns, w.writes = w.conns[:0], w.writes[:0]
	w.nameLocks()
	w.inside, w.called, w.open = w.inside[:0], 0, len(plan.Calls)
	w.disk.reset(w)
	w.resetCluster()
	w.makeNodes()
	w.makeCalls()
	w.end = plan.Quiet + w.restTime()
	w.makeBrokers()
	for _, b := range w.brokers {
		b.start()
	}
	for _, n := range w.nodes {
		n.start()
	}
	for i := range plan.Faults {
		w.events.add(event{at: plan.Faults[i].At, kind: evFault, what: int32(i)})
	}
	for i, c := range w.calls {
		if c.plan.In == 0 && c.plan.Under == 0 {
			w.events.add(event{at: c.plan.At, kind: evCall, who: c.node.index, what: int32(i)})
		}
	}
}

// resetCluster makes what several brokers share as it is before anything has happened.
func (w *World) resetCluster() {
	w.named, w.greatest, w.term = 0, 0, 0
	w.store.reset(w)
	if w.plan.lasts() {
		w.lastConns, w.struck = make(map[string]*conn), make(map[int64]bool)
		w.gone = make(map[string]bool)
		w.taken, w.told = make(map[wire.ID]bool), make(map[wire.ID]bool)
		w.claimed = make([]int64, len(w.lockIndex))
	}
}

// nameLocks gives each lock of the plan an index.
func (w *World) nameLocks() {
	if w.lockIndex == nil {
		w.lockIndex = make(map[string]int)
	}
	clear(w.lockIndex)
	for i := range w.plan.Calls {
		for _, l := range w.plan.Calls[i].Locks {
			if _, known := w.lockIndex[l.Name]; !known {
				w.lockIndex[l.Name] = len(w.lockIndex)
			}
		}
	}
	w.resources = append(w.resources[:0], make([]resource, len(w.lockIndex))...)
}

// happen lets an event happen. Those of a process that stands still wait until it goes on.
func (w *World) happen(e *event) {
	w.note(uint64(e.kind)<<56 ^ uint64(e.who)<<32 ^ uint64(e.what) ^ uint64(e.at))
	switch e.kind {
	case evArrive:
		w.arrive(w.conns[e.who], direction(e.what))
	case evDial:
		w.dial(w.conns[e.who])
	case evStall:
		w.stalled(w.conns[e.who], direction(e.what))
	case evAtStore:
		w.store.arrive(e)
	case evFault:
		w.beginFault(&w.plan.Faults[e.what], e.what)
	case evHeal:
		w.endFault(e)
	case evWritten:
		w.written(&w.writes[e.what])
	case evExcuse:
		w.endExcuse(w.calls[e.what], e.gen)
	case evTick, evCall, evSettle, evGiveUp, evWrite, evLeave:
		w.nodes[e.who].happen(e)
	default:
		w.brokers[e.who].happen(e)
	}
}

// note adds something that has happened to the hash of the run.
func (w *World) note(what uint64) { w.hash = mix(w.hash, what) }

// violate ends the run, because a promise was broken.
func (w *World) violate(p promise.Promise, format string, args ...any) {
	if w.violation == nil {
		w.violation, w.brokenAt = promise.Violate(p, format, args...), w.now
		w.tracef("VIOLATION %v", w.violation)
	}
}

// tracef writes a line of the trace.
func (w *World) tracef(format string, args ...any) {
	if w.options.Trace != nil {
		_, _ = fmt.Fprintf(w.options.Trace, "%12v  %s\n", w.now, fmt.Sprintf(format, args...))
	}
}

// traces reports whether there is a trace. Callers ask first if the arguments are costly.
func (w *World) traces() bool { return w.options.Trace != nil }

// random returns the random number for a thing.
func (w *World) random(keys ...uint64) uint64 { return mix(w.plan.Seed, keys...) }
