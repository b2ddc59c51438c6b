package simulation

import (
	"bytes"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/snapshot"
)

// This file follows package statedir and the source of package fence that uses it, for a broker alone whose sessions
// can be taken up.

// A stateDir is a state directory with all three files. Only one operation uses it at a time.
type stateDir struct {
	b     *broker
	state core.Record
	known bool  // there is a state
	saves int64 // how often it was saved

	left  []byte // the snapshot
	bound int64  // to the state that was saved that many times

	roll    []core.RollEntry
	others  bool
	next    int64 // the limit of the tokens in the roll
	hasRoll bool

	waiting []operation // the first one is under way
	number  int32       // of the operation under way
}

// An operation changes the directory.
type operation struct {
	kind    operationKind
	record  core.Record
	changes []core.Change
	left    []byte
}

type operationKind uint8

const (
	reserves operationKind = iota
	records
	stops
)

// Start returns the beginning of a run.
func (d *stateDir) Start() core.Beginning {
	b := d.b
	past := core.Past{Record: d.state, Known: d.known}
	if d.left != nil && d.bound == d.saves {
		left, err := snapshot.Read(d.left)
		if err != nil {
			b.w.violate(promise.Continuity, "the snapshot cannot be read: %v", err)
		}
		past.Snapshot = &left
	}
	if d.hasRoll && d.next >= d.state.Next {
		past.Roll = &core.Roll{Sessions: slices.Clone(d.roll), Others: d.others}
	} else {
		d.hasRoll, d.roll, d.others = false, nil, false
	}
	begin := core.Begin(past, b.timeout, b.clock.at(b.w.now).Wall.Microseconds())
	switch b.w.options.Break {
	case SkipsGrace:
		begin.Grace = 0
	case DropsSnapshot:
		begin.Snapshot = nil
	}
	return begin
}

func (d *stateDir) reserve(r core.Reservation) { d.add(operation{kind: reserves, record: r.Record()}) }

func (d *stateDir) record(changes []core.Change) {
	d.add(operation{kind: records, changes: changes})
}

// stop records the end of the run.
func (d *stateDir) stop(stale time.Duration, left []byte) {
	d.add(operation{kind: stops, record: core.Record{Timeout: stale}, left: left})
}

func (d *stateDir) add(o operation) {
	d.waiting = append(d.waiting, o)
	if len(d.waiting) == 1 {
		d.begin()
	}
}

// begin begins the first operation. evStateDir ends it.
func (d *stateDir) begin() {
	w, takes := d.b.w, usualWrite
	if w.now < w.disk.slow {
		takes = w.disk.slowBy
	}
	d.number++
	d.b.add(event{at: w.now + takes, kind: evStateDir, what: d.number})
}

// end ends the operation under way. It is repeated if it has failed.
func (d *stateDir) end(e *event) {
	b, w := d.b, d.b.w
	if len(d.waiting) == 0 || e.what != d.number {
		return
	}
	o := &d.waiting[0]
	if w.now < w.disk.fails {
		w.counts.add(SawDiskFailure)
		d.applyPart(o)
		d.number++
		b.add(event{at: w.now + reserveRetry, kind: evStateDir, what: d.number})
		return
	}
	d.apply(o, 2)
	done := *o
	d.waiting = d.waiting[1:]
	if len(d.waiting) > 0 {
		d.begin()
	}
	b.did(done.kind)
}

// interrupt ends everything, because the process has died.
func (d *stateDir) interrupt(powerFails bool) {
	if len(d.waiting) > 0 {
		o := &d.waiting[0]
		d.applyPart(o)
		if powerFails && o.kind == records && chance(30, d.b.w.random(forDisk, uint64(d.number), 1)) {
			d.hasRoll = false // its last lines are torn, so it is of no use
		}
	}
	d.waiting, d.number = nil, d.number+1
}

// applyPart applies nothing of an operation, a part of it or all.
func (d *stateDir) applyPart(o *operation) {
	d.apply(o, int(d.b.w.random(forDisk, uint64(d.number))%3))
}

// apply applies that many of the steps of an operation, which has two at most.
func (d *stateDir) apply(o *operation, steps int) {
	if steps == 0 {
		return
	}
	switch o.kind {
	case reserves:
		if d.hasRoll {
			d.next = max(d.next, o.record.Next)
		}
		if steps > 1 || !d.hasRoll {
			d.save(o.record)
		}
	case records:
		if !d.hasRoll {
			d.hasRoll, d.next = true, max(d.next, d.state.Next)
		}
		changes := o.changes
		if steps == 1 {
			changes = changes[:len(changes)/2]
		}
		for i := range changes {
			d.change(&changes[i])
		}
	case stops:
		d.save(d.state.Stopped(o.record.Timeout))
		if steps > 1 {
			d.left, d.bound = o.left, d.saves
		}
	}
}

func (d *stateDir) save(r core.Record) { d.state, d.known, d.saves = r, true, d.saves+1 }

// change changes the roll.
func (d *stateDir) change(c *core.Change) {
	at := slices.IndexFunc(d.roll, func(e core.RollEntry) bool { return e.Session == c.Session })
	broken := d.b.w.options.Break
	switch {
	case c.Nothing:
	case c.Ends && broken == StrikesNoSession, c.Revoked > 0 && broken == StrikesNoToken:
	case c.Session == "":
		d.others = !c.Ends && broken != RecordsNoOthers
	case c.Ends && at >= 0:
		d.roll = slices.Delete(d.roll, at, at+1)
	case c.Ends:
	case c.Revoked > 0 && at >= 0:
		if e := &d.roll[at]; !slices.Contains(e.Revoked, c.Revoked) {
			e.Revoked = append(slices.Clip(e.Revoked), c.Revoked)
		}
	case c.Revoked > 0:
	case at >= 0:
		d.roll[at] = d.entry(c)
	default:
		d.roll = append(d.roll, d.entry(c))
	}
}

// entry returns what the roll says of a session after a change.
func (d *stateDir) entry(c *core.Change) core.RollEntry {
	e := core.RollEntry{Session: c.Session, Identity: c.Identity, Key: c.Key}
	if d.b.w.options.Break != StrikesNoToken {
		e.Revoked = c.Revokes
	}
	return e
}

// did lets the process go on when an operation is done.
func (b *broker) did(kind operationKind) {
	r := &b.recording
	switch kind {
	case reserves:
		r.hasTokens = true
	case records:
		r.isStored = true
	case stops:
		b.stopLasting(true)
		return
	}
	if b.up && !b.frozen && !b.stopping {
		b.checkStored()
		b.retryUnrecorded()
		b.round()
	}
}

// startLasting starts a run of a broker alone whose sessions can be taken up.
func (b *broker) startLasting() {
	b.recording, b.unrecorded, b.absences, b.stopping, b.restored = recording{}, nil, nil, false, false
	b.files.b = b
	beginning := b.files.Start()
	b.machine = core.New(b.coreConfig(), beginning)
	b.w.tracef("broker starts run %d with token %d, grace %v, a snapshot: %v, a roll: %v", b.run,
		beginning.First, beginning.Grace, beginning.Snapshot != nil, beginning.Roll != nil)
	if b.w.greatest > 0 && beginning.First <= b.w.greatest {
		b.w.violate(promise.RisingTokens, "a run begins with token %d, after token %d",
			beginning.First, b.w.greatest)
	}
	b.order.beginTerm(beginning.First)
	b.beginFrom(&beginning)
}

// leaveLasting ends such a run in order.
func (b *broker) leaveLasting() {
	m, w := &b.member, b.w
	b.stopping, b.serves, b.order.drains = true, false, false
	m.moving = handOver{}
	for _, s := range b.sessions {
		switch {
		case s.ended:
		case b.names[s.name] == s && b.machine.Outlives(s.name):
			m.moving.tells = append(m.moving.tells, s)
		default:
			b.dismiss(s, false)
		}
	}
	left, stale := b.machine.Snapshot(b.now()), b.machine.StaleAtEnd(b.now())
	b.order.checkSnapshot(&left)
	w.tracef("broker stops: %d sessions go on, stale for %v", len(left.Sessions), stale)
	var text bytes.Buffer
	if len(left.Sessions) > 0 {
		if err := snapshot.Write(&text, left); err != nil {
			panic("simulation: " + err.Error())
		}
	}
	b.files.stop(stale, text.Bytes())
	b.member.moving.stage = sending
	b.limitStage(stopWait)
}

// stopLasting ends the process. moves says that the snapshot is on the disk.
func (b *broker) stopLasting(moves bool) {
	if !b.stopping || !b.up {
		return
	}
	for _, s := range b.member.moving.tells {
		b.dismiss(s, moves)
	}
	for _, c := range b.w.conns {
		if c.broker == b {
			b.w.closeSocket(c, down)
		}
	}
	if moves {
		b.w.counts.add(SawMove)
	}
	b.files.interrupt(false)
	b.order.endRun(false)
	b.endProcess()
	b.exit()
}
