package owner

import (
	"errors"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A node is a broker: one machine after another, for it can be killed, and what surrounds them.
type node struct {
	world    *world
	name     string
	clock    *machineClock
	run      int           // counts the processes
	machine  *Machine      // nil while the process is down
	stopped  bool          // the process does not run
	isolated time.Duration // it does not reach the store until then
	inbox    []func()      // what has arrived while it was stopped
	wakes    uint64        // counts timers, so that old ones do nothing

	term     int64
	table    *table
	grace    grace
	peers    []*peer
	snapshot *table   // the last one that was received
	snapID   string   // its id
	named    bool     // the record named it before it took over
	leaving  bool     // it hands over, and grants nothing
	deferred []func() // what clients have said during a hand-over
}

// start starts a process.
func (n *node) start() {
	n.run++
	config := Config{
		Self:     cluster.Broker{ID: fmt.Sprintf("%s%d", n.name, n.run)},
		Takeover: 5 * time.Second, Timeout: 15 * time.Second, TokenRange: 20, MaxChanges: 3,
	}
	if n.world.mixed && n.world.chance(2) {
		config.Takeover, config.Timeout = 3*time.Second, time.Minute
	}
	n.machine = New(config)
	n.stopped, n.inbox, n.deferred = false, nil, nil
	n.reset()
	n.snapshot, n.snapID = nil, ""
	n.step()
}

// kill ends the process. Its connections are reset, mostly.
func (n *node) kill() {
	n.hangUp()
	n.reset()
	n.run++
	n.machine = nil
}

func (n *node) reset() { n.term, n.table, n.peers, n.leaving = 0, nil, nil, false }

// hangUp closes all connections.
func (n *node) hangUp() {
	for _, p := range n.peers {
		p.close()
	}
	n.peers = nil
}

// receive has the process handle something: at once, or when it runs again.
func (n *node) receive(do func()) {
	switch {
	case n.machine == nil:
	case n.stopped:
		n.inbox = append(n.inbox, do)
	default:
		do()
		n.step()
	}
}

// proceed has a stopped process run again. It takes all that has arrived as one batch.
func (n *node) proceed() {
	n.stopped = false
	batch := n.inbox
	n.inbox = nil
	if n.machine == nil {
		return
	}
	for _, do := range batch {
		do()
	}
	n.step()
}

// step does what the caller of a machine must do after each call.
func (n *node) step() {
	m := n.machine
	m.Tick(n.clock.read())
	if m.Term() != n.term {
		n.changeTerm(m.Term())
	}
	if n.term != 0 {
		n.serve()
	}
	now := n.clock.read()
	if m.WantsHead(now) {
		n.ask(func() (any, bool) { return n.world.store.head, true }, func(result any, err error) {
			head, _ := result.(cluster.Head)
			m.HeadRead(n.clock.read(), head, err)
		})
	}
	if m.WantsSessions(now) {
		n.ask(func() (any, bool) { return append([]cluster.Session(nil), n.world.store.sessions...), true },
			func(result any, err error) {
				sessions, _ := result.([]cluster.Session)
				m.SessionsRead(n.clock.read(), sessions, err)
			})
	}
	named := m.Owner().ID == m.config.Self.ID
	if write, wants := m.WantsWrite(now); wants {
		if m.role == taking {
			n.named = named
		}
		n.ask(func() (any, bool) { return n.world.store.write(write), true }, func(result any, err error) {
			head, _ := result.(cluster.Head)
			m.Wrote(n.clock.read(), head, err)
		})
	}
	n.sleep()
}

// sleep sets the timer for the next deadline.
func (n *node) sleep() {
	n.wakes++
	wake, run := n.wakes, n.run
	due, some := n.machine.Deadline(n.clock.read())
	if !some {
		return
	}
	n.world.after(n.clock.real(due-n.clock.read().Mono)+time.Millisecond, func() {
		if n.wakes == wake && n.run == run {
			n.receive(func() {})
		}
	})
}

var errStore = errors.New("the store has not answered")

// ask makes a call of the store. The request or the answer may be lost, and the call ends after the machine's
// patience.
func (n *node) ask(call func() (any, bool), answer func(any, error)) {
	w, run, over := n.world, n.run, false
	end := func(result any, err error) {
		if over || n.run != run {
			return
		}
		over = true
		n.receive(func() { answer(result, err) })
	}
	w.after(n.clock.real(n.machine.Patience()), func() { end(nil, errStore) })
	if w.chance(200) { // it says that it does not do it
		w.after(w.delay(), func() { end(nil, fmt.Errorf("%w: too busy", cluster.ErrNotApplied)) })
		return
	}
	if w.chance(100) || w.now < w.broken || w.now < n.isolated {
		return
	}
	w.after(w.delay(), func() {
		result, _ := call()
		if !w.chance(100) && w.now >= w.broken && w.now >= n.isolated {
			w.after(w.delay(), func() { end(result, nil) })
		}
	})
}

// changeTerm begins or ends an ownership.
func (n *node) changeTerm(term int64) {
	w := n.world
	n.hangUp()
	n.reset()
	n.term, n.deferred = term, nil
	if term == 0 {
		w.note("%s has lost", n.name)
		if n.machine.resigned {
			w.after(0, func() { w.killAndStart(n) }) // its process is about to end
		}
		return
	}
	w.note("%s is the owner of term %d, accepted %q", n.name, term, n.machine.Accepted())
	w.counts.takeovers++
	if n.accepts() && !n.named {
		w.counts.inherited++
	}
	n.table = newTable(n)
	if w.chance(8) { // its process has been told to stop
		w.counts.resigned++
		n.leaving = true
		n.machine.Resign()
	}
	n.beginGrace()
	if n.accepts() && !w.breaks.ignoresSnapshot {
		w.counts.accepted++
		n.table.load(n.snapshot)
	}
}

// serve does what has become possible.
func (n *node) serve() {
	for _, p := range append([]*peer(nil), n.peers...) {
		p.proceed()
	}
	n.grace.proceed()
	if !n.grace.isOn() {
		n.table.endAbsence()
	}
	n.table.tidy()
	n.table.grant()
}

// mayAnswer reports whether the owner may send something.
func (n *node) mayAnswer() bool {
	return n.term != 0 && (n.world.breaks.noGate || n.machine.MayAnswer(n.clock.read()))
}

func (n *node) mayGrant() bool {
	switch {
	case !n.mayAnswer() || n.leaving:
		return false
	case n.world.breaks.noGrace:
		return true
	}
	return !n.grace.blocks()
}

// accepts reports whether the node goes on with the snapshot that it has received.
func (n *node) accepts() bool {
	id := n.machine.Accepted()
	return n.snapshot != nil && (id == n.snapID || n.world.breaks.anySnapshot)
}

// keep keeps a snapshot, unless it is nil.
func (n *node) keep(snapshot *table, id string) {
	if snapshot != nil {
		n.snapshot, n.snapID = snapshot, id
		n.machine.SnapshotReceived(n.clock.read(), id)
	}
}

// handOver begins a planned hand-over to another broker.
func (n *node) handOver(to *node) {
	m, w := n.machine, n.world
	if n.term == 0 || n.stopped || n.leaving || to.machine == nil || to == n {
		return
	}
	n.leaving = true
	id, snapshot := fmt.Sprintf("%s/%d", n.name, w.now), n.table.copy()
	target, run, term := to.machine.config.Self, n.run, n.term
	if n.grace.blocks() {
		snapshot = nil // it knows nothing of the missing sessions
	}
	w.note("%s hands over to %s", n.name, target.ID)
	given := false
	give := func(to cluster.Broker, id string) {
		if n.run == run && !given {
			n.receive(func() {
				if n.term == term {
					given = true
					w.counts.handOvers++
					m.HandOver(to, id)
				}
			})
		}
	}
	for _, o := range w.nodes {
		if o == n || o.machine == nil {
			continue
		}
		self := o.machine.config.Self
		w.after(w.delay(), func() {
			o.receive(func() {
				if o.machine.config.Self != self {
					return
				}
				o.keep(snapshot, id)
				if o == to {
					w.after(w.delay(), func() { give(target, id) })
				}
			})
		})
	}
	if w.chance(3) { // the other one hangs, so a third broker may take over with the snapshot
		w.after(w.upTo(60*time.Millisecond), func() { w.stop(to, false, false) })
	}
	// Nobody has said that it has the snapshot.
	w.after(n.clock.real(3*time.Second), func() { give(cluster.Broker{}, "") })
}
