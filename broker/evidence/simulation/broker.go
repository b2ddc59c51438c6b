package simulation

import (
	"cmp"
	"strconv"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A broker is the broker's process and its machine. It does what package broker does around the decisions of package
// core: readers, the loop, writers, and the goroutine that waits for the disk.
type broker struct {
	w        *World
	index    int32
	order    order // what it has decided
	clock    clock
	up       bool // the process runs, or stands still
	frozen   bool // it stands still
	hostDown bool // its machine has no power
	serves   bool // the loop has begun
	run      int32
	began    time.Duration // when the run began, on the broker's clock
	timeout  time.Duration // the session timeout of the run
	deferred []event

	machine    *core.Machine
	sessions   []*session // of this run, in the order of opening
	names      map[string]*session
	turns      []*session // those with items, in the order of their first item
	events     []locktable.Event
	member     member // its part in a cluster
	recording  recording
	unrecorded []*session          // wait until the record has changed
	absences   map[string]*absence // by the name of the session
	files      stateDir            // of a broker alone whose sessions can be taken up
	storeCut   time.Duration       // until when it does not reach the store
	cut        time.Duration       // until when it reaches no client and no broker
	stopping   bool                // it hands over
	lives      int32               // how often the process was started
	restored   bool                // it goes on with a snapshot
	stood      bool                // its clocks stood still

	limit     int64 // what the reservation under way reserves
	retries   bool  // a reservation failed and must be repeated
	slowUntil time.Duration
	slowBy    time.Duration
	turning   bool          // evLoop is planned
	busy      time.Duration // since when the loop says that it is not done; 0: it is done
	turn      uint64
	timerGen  int32
	armed     time.Duration
	slices    int // of work in this round

	drainEnds  time.Duration // on the clock of the run
	restartsAt time.Duration // if the broker stops, it starts again then
}

// Values of package broker and of its packages that are not exported, or that no simulation should wait for.
const (
	dropAtOnce    = 32
	grantSlice    = 8
	startWait     = time.Second
	reserveRetry  = time.Second
	closeWait     = time.Second
	mostWindows   = 1 // how many windows may be due to a client, instead of 16 MiB
	manyRequests  = 100_000
	clockAtStart  = 1_780_000_000 * time.Second
	longestString = 256
	mostSlices    = 100_000          // in a round
	dueSlack      = time.Millisecond // how long the broker may take after a timer
)

var limits = wire.Limits{
	MessageBytes: 1 << 16, NameBytes: 2 * longestString, AuthorBytes: longestString,
	LocksPerRequest: 64, Requests: manyRequests,
}

func (w *World) makeBrokers() {
	for len(w.brokers) < 3 {
		w.brokers = append(w.brokers, &broker{})
	}
	w.brokers = w.brokers[:max(w.plan.Brokers, 1)]
	for i, b := range w.brokers {
		b.reset(w, i)
	}
}

func (b *broker) reset(w *World, index int) {
	*b = broker{
		w: w, index: int32(index), order: b.order, names: b.names, events: b.events[:0],
		clock:    clock{rate: w.plan.rateOf(index), wall: clockAtStart},
		sessions: b.sessions[:0], turns: b.turns[:0], deferred: b.deferred[:0],
	}
	if b.names == nil {
		b.names = make(map[string]*session)
	}
	b.order.reset(b)
}

// add plans an event of the broker.
func (b *broker) add(e event) {
	e.who = b.index
	b.w.events.add(e)
}

// now returns the time for the machine.
func (b *broker) now() time.Duration { return b.clock.at(b.w.now).Mono - b.began }

// after returns the time of the world when the broker's clock will have run that far.
func (b *broker) when(now time.Duration) time.Duration { return b.clock.when(b.began+now, b.w.now) }

func (b *broker) reads() bool { return !b.frozen && b.up }

// start starts the process.
func (b *broker) start() {
	w := b.w
	b.run++
	b.up, b.frozen, b.serves, b.turning, b.retries = true, false, false, false, false
	b.began = b.clock.at(w.now).Mono
	b.timeout = w.plan.timeoutOf(b.run)
	switch {
	case w.plan.isCluster():
		b.timeout = w.plan.timeoutOf(b.index + 1)
	case w.plan.Lasting:
		b.lives++
		b.timeout = w.plan.timeoutOf(b.lives)
	}
	b.sessions, b.turns = b.sessions[:0], b.turns[:0]
	clear(b.names)
	b.armed, b.restartsAt, b.busy = 0, 0, 0
	if w.plan.isCluster() {
		b.stand()
		return
	}
	if w.plan.Lasting {
		b.startLasting()
		return
	}
	micros := b.clock.at(w.now).Wall.Microseconds()
	beginning := core.BeginAtClock(micros)
	if w.plan.StateDir {
		d := &w.disk
		past := core.Past{Record: d.state, Known: d.known, Restored: d.copied && d.known}
		beginning = core.Begin(past, b.timeout, micros)
	}
	b.machine = core.New(b.coreConfig(), beginning)
	if beginning.Grace > 0 {
		w.counts.add(SawGrace)
		b.add(event{at: b.when(beginning.Grace + dueSlack), kind: evDue, gen: b.run})
	}
	w.tracef("broker starts run %d with token %d and a grace period of %v", b.run, beginning.First, beginning.Grace)
	b.order.beginRun(beginning.First, beginning.Grace)
	b.keepTokens()
	if b.limit > 0 {
		b.add(event{at: b.when(startWait), kind: evServe, gen: b.run})
	} else {
		b.serve()
	}
}

func (b *broker) coreConfig() core.Config {
	p := b.w.plan
	return core.Config{
		Timeout: b.timeout, Drain: p.Drain, MaxRequests: manyRequests, TokenRange: p.Tokens, Shut: p.Slice,
		KeepsRecord: b.keepsRecord(), Moves: b.keepsRecord(),
		Table: locktable.Config{
			MaxRequests: manyRequests, MaxIdle: manyRequests,
			Slice: p.Slice, Grants: cmp.Or(p.Slice, grantSlice),
		},
	}
}

// happen lets an event of the process happen, or keeps it until the process goes on.
func (b *broker) happen(e *event) {
	if e.kind == evStateDir {
		b.files.end(e)
		return
	}
	if e.kind == evDisk && e.what > 0 {
		b.written(e)
		return
	}
	if b.isFor(e) {
		b.react(e)
	}
}

// isFor reports whether an event is for the process as it is now. It keeps events of a process that stands still.
func (b *broker) isFor(e *event) bool {
	current := b.run
	if e.kind == evBroker {
		current = b.timerGen
	}
	if !b.up || e.gen != current {
		return false
	}
	if b.frozen && e.kind != evDue {
		b.deferred = append(b.deferred, *e)
	}
	return !b.frozen
}

// react handles an event of a process that runs.
func (b *broker) react(e *event) {
	switch e.kind {
	case evServe:
		b.serve()
	case evBroker:
		b.armed = 0
		b.round()
	case evLoop:
		b.turning = false
		b.round()
	case evDisk:
		b.retries = false
		b.store()
	case evSilence:
		b.sessions[e.what].checkSilence()
	case evPulse:
		b.sessions[e.what].pulse()
	case evDue:
		b.order.checkDue(b.now())
	case evHurry:
		b.sessions[e.what].endLinger()
	case evMember:
		b.member.wake(e)
	case evStored, evPatience:
		b.w.store.end(e)
	case evSnapshot:
		b.receiveSnapshot(b.w.brokers[e.what])
	case evSuccession:
		b.endSuccession()
	case evReceipt, evMove:
		b.move(e)
	}
}

// round does what the loop of package broker does in a round.
func (b *broker) round() {
	if !b.serves || b.frozen || !b.up {
		return
	}
	now, m := b.now(), b.machine
	b.slices = 0
	if m.CanAllow(now) {
		b.tell(m.Allow(now, b.events[:0]))
	}
	if b.keepsRecord() {
		b.checkStored()
		b.endAbsences()
	}
	b.takeTurns()
	for isDue := b.isDue(now); isDue && b.goesOn(); isDue = b.isDue(now) {
		b.tell(m.Tick(now, b.events[:0]))
	}
	b.drop(now)
	b.shut(now)
	b.revisit(now)
	b.keepRecord()
	b.keepTokens()
	b.order.checkRound(now)
	if m.IsDrained(now) {
		b.endRun()
		return
	}
	b.arm(now)
}

// isDue reports whether the lock table has work to do.
func (b *broker) isDue(now time.Duration) bool {
	due, some := b.machine.Table().Deadline()
	return some && due <= now
}

// goesOn counts a slice of work, and reports whether the round may go on. A round that never ends breaks a promise.
func (b *broker) goesOn() bool {
	if b.slices++; b.slices > mostSlices {
		b.w.violate(promise.Liveness, "the loop has not done its work after %d slices", mostSlices)
		return false
	}
	return true
}

// isSlow reports whether the loop serves others between two slices of its work, so that it may not be done.
func (b *broker) isSlow() bool { return b.w.now < b.slowUntil || b.turning }

// drop drops the requests of ended sessions. A slow loop drops one of them, and then serves others.
func (b *broker) drop(now time.Duration) {
	m := b.machine
	if b.w.now < b.slowUntil {
		if m.IsDropping() {
			b.tell(m.Drop(now, 1, b.events[:0]))
			b.turnAgain()
		}
		return
	}
	for m.IsDropping() && b.goesOn() {
		b.tell(m.Drop(now, dropAtOnce, b.events[:0]))
	}
}

// shut ends the requests that wait when the broker drains. A slow loop ends a slice of them, and then serves others.
func (b *broker) shut(now time.Duration) {
	for m := b.machine; m.IsShutting() && b.goesOn(); {
		b.tell(m.Shut(now, b.events[:0]))
		if b.w.now < b.slowUntil {
			b.turnAgain()
			return
		}
	}
}

// turnAgain plans the next turn of a slow loop.
func (b *broker) turnAgain() {
	if !b.turning {
		b.turning = true
		b.add(event{at: b.w.now + b.slowBy, kind: evLoop, gen: b.run})
	}
}

// arm plans the timer of the loop.
func (b *broker) arm(now time.Duration) {
	due, some := b.machine.Deadline(now)
	if !some || b.turning && due <= now {
		return
	}
	at := b.when(due)
	if b.armed > 0 && b.armed <= at {
		return
	}
	b.armed = max(at, 1)
	b.timerGen++
	b.add(event{at: b.armed, kind: evBroker, gen: b.timerGen})
}

// tell tells the clients, and the world, what the machine has decided.
func (b *broker) tell(events []locktable.Event) {
	for i := range events {
		b.order.note(&events[i]) // all of them first: a reply may end a session whose client reads too slowly
	}
	for i := range events {
		e := &events[i]
		if s := b.names[e.ID.Session]; s != nil {
			m := core.ReplyTo(e)
			if m != nil {
				s.reply(m)
			} else if e.Kind == locktable.Lost {
				b.w.violate(promise.LossTold, "%v is lost, and its client is not told", e.ID)
			}
		} else {
			b.miss(e)
		}
	}
	b.events = events[:0]
}

// receive gives a message to a reader of the broker.
func (b *broker) receive(c *conn, m *message) {
	if m.kind == aHandshake {
		b.accept(c)
		return
	}
	if c.session == nil {
		b.w.dropSocket(c, down) // it ended before the handshake
		return
	}
	c.session.receive(m)
}

// sessionName returns the name of the session with that number.
func sessionName(number int) string { return "s" + strconv.Itoa(number) }

// evict lets an operator end the first holder or waiter of a lock.
func (b *broker) evict(lock string, holder bool) bool {
	r := b.order.first(lock, holder)
	if r == nil || !b.reads() || !b.serves {
		return false
	}
	r.condemned = true
	events, known := b.machine.Evict(b.now(), r.id, "operator", "", b.events[:0])
	if !known {
		b.w.violate(promise.LossTold, "the broker does not know request %v, which has not ended", r.id)
	}
	b.tell(events)
	b.round()
	return true
}
