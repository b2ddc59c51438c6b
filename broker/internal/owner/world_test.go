package owner

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"
)

// worldEnds is how long a schedule is.
const worldEnds = 300 * time.Second

// A world is one schedule: three brokers, a store, and clients, in virtual time. The same seed makes the same
// schedule.
//
// The machines are real. Everything around them is simulated: what a broker does with its answers (node), what a
// client treats as held (client), connections, clocks, and the store. The world checks what clients treat as held.
type world struct {
	random  *rand.Rand
	now     time.Duration // real time
	events  events
	count   uint64 // of events so far
	store   *memory
	broken  time.Duration // the store answers nobody until then
	breaks  breakage
	mixed   bool // the brokers have different settings
	nodes   []*node
	clients []*client

	condemned map[int64]string // the sessions of tokens that are being taken from their holders by an operator
	excused   map[int64]bool   // tokens that were taken from their holders by an operator, on record
	latest    map[string]int64 // the greatest token that was received for each lock
	err       error            // the first violation
	log       []string         // what happened, if it is wanted
	logs      bool
	counts    counts
}

// counts says how much has happened.
type counts struct{ grants, takeovers, resumed, accepted, inherited, resigned, handOvers, purged, evictions int }

type event struct {
	at    time.Duration
	order uint64
	do    func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].order < e[j].order
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func newWorld(seed uint64, breaks breakage) *world {
	w := &world{
		random: rand.New(rand.NewPCG(seed, 1)), store: new(memory), breaks: breaks, mixed: seed%4 == 3,
		condemned: make(map[int64]string), excused: make(map[int64]bool), latest: make(map[string]int64),
	}
	w.store.unguarded, w.store.applied = breaks.unguarded, w.excuse
	for i := range 3 {
		n := &node{world: w, name: string(rune('a' + i)), clock: w.newClock()}
		w.nodes = append(w.nodes, n)
		w.after(w.upTo(2*time.Second), n.start)
	}
	for i := range 5 {
		c := &client{
			world: w, name: fmt.Sprintf("c%d", i), clock: w.newClock(),
			plain: i == 4 && seed%2 == 0, patient: w.chance(2),
		}
		w.clients = append(w.clients, c)
		w.after(w.upTo(5*time.Second), c.begin)
	}
	w.after(w.upTo(20*time.Second), w.trouble)
	return w
}

// run runs the schedule until it ends, or something is wrong.
func (w *world) run() error {
	for len(w.events) > 0 && w.err == nil {
		e := heap.Pop(&w.events).(event)
		if e.at > worldEnds {
			break
		}
		w.now = e.at
		e.do()
	}
	return w.err
}

// after has do run when that much real time has passed.
func (w *world) after(wait time.Duration, do func()) {
	w.count++
	heap.Push(&w.events, event{w.now + wait, w.count, do})
}

// upTo returns a random time below most.
func (w *world) upTo(most time.Duration) time.Duration {
	return time.Duration(w.random.Int64N(int64(most)))
}

// chance returns true in one of n cases.
func (w *world) chance(n int) bool { return w.random.IntN(n) == 0 }

// delay returns how long a message travels: mostly milliseconds.
func (w *world) delay() time.Duration {
	if w.chance(50) {
		return w.upTo(3 * time.Second)
	}
	return time.Millisecond + w.upTo(10*time.Millisecond)
}

func (w *world) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("at %v: "+format, append([]any{w.now}, args...)...)
	}
}

func (w *world) note(format string, args ...any) {
	if w.logs {
		w.log = append(w.log, fmt.Sprintf("%v "+format, append([]any{w.now}, args...)...))
	}
}

// owner returns the broker that the record names.
func (w *world) owner() *node {
	for _, n := range w.nodes {
		if n.machine != nil && n.machine.config.Self.ID == w.store.head.Owner.ID {
			return n
		}
	}
	return w.nodes[w.random.IntN(len(w.nodes))]
}

// A machineClock is the clocks of one machine. Rates are at most 10 % apart.
type machineClock struct {
	world                    *world
	rate                     float64
	mono                     time.Duration // as of at
	shift                    time.Duration // how far the wall clock is ahead of the monotonic clock
	at                       time.Duration // real time
	monoStopped, wallStopped bool
}

func (w *world) newClock() *machineClock {
	rate := 1 + w.random.Float64()/10
	if w.chance(2) { // the extremes matter most
		rate = 1 + 0.1*float64(w.random.IntN(2))
	}
	return &machineClock{world: w, rate: rate, mono: w.upTo(time.Hour), shift: w.upTo(time.Hour), at: w.now}
}

func (c *machineClock) read() Instant {
	passed := time.Duration(float64(c.world.now-c.at) * c.rate)
	c.at = c.world.now
	if !c.monoStopped {
		c.mono += passed
	}
	switch {
	case c.monoStopped && !c.wallStopped:
		c.shift += passed
	case !c.monoStopped && c.wallStopped:
		c.shift -= passed
	}
	return Instant{Mono: c.mono, Wall: c.mono + c.shift}
}

// real returns how much real time that much time of the clock takes.
func (c *machineClock) real(d time.Duration) time.Duration {
	return time.Duration(float64(max(d, 0))/c.rate) + 1
}

// A breakage is a rule that the brokers of a world break on purpose.
type breakage struct {
	noGrace         bool // grants do not wait for the grace period
	graceOfTimeout  bool // the grace period is T
	ownGrace        bool // the grace period does not depend on the earlier owner
	oneMissing      bool // the grace period ends with one session missing
	grantsFirst     bool // grants do not wait until the session is on record
	unguarded       bool // the store ignores guards
	trustsHello     bool // connections do not wait for a write that began after their hello
	noGate          bool // the owner answers without looking at the clock
	resumesAnyone   bool // sessions that are not on record are taken up
	evictsFirst     bool // evictions are not put on record
	endsFirst       bool // the end of a session is not put on record
	forgetsPlain    bool // sessions that cannot be taken up are not put on record
	ignoresSnapshot bool // a broker grants at once, without what the snapshot says
	anySnapshot     bool // a broker uses a snapshot that the record does not name
}
