package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
)

// A disk is the state directory of the broker. It replaces its state as a whole, as package statedir does it.
type disk struct {
	w       *World
	state   core.Record
	known   bool // there is a state
	older   []core.Record
	isCopy  bool // the state is a copy
	copied  bool // the state is a copy, and the broker can tell
	clean   bool // the state is that of a run that has left no stale holders
	fails   time.Duration
	slow    time.Duration // until when writes take slowBy
	slowBy  time.Duration
	writing bool
	next    core.Record // what is being written
	stops   bool        // the write is the last of a run
	writes  uint64

	restores bool // at the next start of the broker, an older copy is put back
	seen     bool // the broker can tell
}

// usualWrite is how long a write takes.
const usualWrite = 2 * time.Millisecond

func (d *disk) reset(w *World) { *d = disk{w: w, older: d.older[:0]} }

// begin begins to write a state. evDisk ends the write.
func (d *disk) begin(s core.Record, stops bool) {
	d.writing, d.next, d.stops = true, s, stops
	d.writes++
	takes := usualWrite
	if d.w.now < d.slow {
		takes = d.slowBy
	}
	d.w.events.add(event{at: d.w.now + takes, kind: evDisk, gen: d.w.brokers[0].run, what: int32(d.writes)})
}

// finish ends the write, and reports whether the new state is on the disk for sure.
func (d *disk) finish() bool {
	d.writing = false
	if d.w.now >= d.fails {
		d.put()
		return true
	}
	d.w.counts.add(SawDiskFailure)
	d.interrupt()
	return false
}

// interrupt ends a write that failed, or was under way when the power went. Either the old or the new state is on the
// disk then.
func (d *disk) interrupt() {
	d.writing = false
	if chance(50, d.w.random(forDisk, d.writes)) {
		d.put()
	}
}

func (d *disk) put() {
	if d.known {
		d.older = append(d.older, d.state)
	}
	d.state, d.known, d.isCopy, d.copied = d.next, true, false, false
	d.clean = d.stops && d.w.brokers[0].order.clean
}

// restore puts an older state back, if there is one. seen: the broker can tell that it is a copy.
func (d *disk) restore(seen bool) {
	if len(d.older) == 0 {
		return
	}
	at := int(d.w.random(forDisk, d.writes, 1) % uint64(len(d.older)))
	d.state, d.older, d.copied = d.older[at], d.older[:at], seen
	d.isCopy, d.clean = true, false
	d.w.counts.add(SawRestore)
}
