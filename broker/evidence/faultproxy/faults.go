package faultproxy

import (
	"sync"
	"time"
)

// A Side is an end of a connection. As a direction, it is the side to which bytes flow.
type Side int

// The sides.
const (
	Client Side = 1 << iota
	Broker
	Both = Client | Broker
)

// Faults are what is wrong with one direction. The zero value is a network that works.
type Faults struct {
	// Hold keeps bytes, and the end of the connection, until the direction has other faults. Then they arrive.
	Hold bool
	// Swallow discards bytes, and the end of the connection. TCP has no gaps, so a connection that has lost a byte
	// swallows everything that follows, too, whatever its faults are later.
	Swallow bool
	// Delay is how long bytes are on their way. Bytes that come during the delay of earlier ones may take up to
	// twice as long.
	Delay time.Duration
	// Rate is how many bytes a second are read from the sender. 0: as many as come.
	Rate int
}

// A direction carries the bytes that flow to one side of a connection.
type direction struct {
	mu      sync.Mutex
	faults  Faults
	lost    bool          // a byte or the end was swallowed
	changed chan struct{} // closed when the faults change
}

func newDirection(f Faults) *direction {
	return &direction{faults: f, changed: make(chan struct{})}
}

func (d *direction) set(f Faults) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = f
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *direction) get() (f Faults, changed <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f = d.faults
	f.Swallow = f.Swallow || d.lost
	return f, d.changed
}

// lose makes the direction swallow everything from now on.
func (d *direction) lose() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lost = true
}

// pass waits until bytes that were read at the given time arrive, and reports true. It reports false if they never do.
func (d *direction) pass(read time.Time, done <-chan struct{}) bool {
	for {
		f, changed := d.get()
		if f.Swallow {
			d.lose()
			return false
		}
		left := time.Until(read.Add(f.Delay))
		if !f.Hold && left <= 0 {
			return true
		}
		if f.Hold {
			left = 0 // no timer: only a change ends the wait
		}
		if !wait(left, changed, done) {
			return false
		}
	}
}

// pace waits until n more bytes may have been read at the direction's rate.
func (d *direction) pace(n int, done <-chan struct{}) {
	f, changed := d.get()
	if f.Rate > 0 {
		wait(time.Duration(n)*time.Second/time.Duration(f.Rate), changed, done)
	}
}

// chunk returns how many of at most n bytes to read at a time: a twentieth of a second's worth.
func (d *direction) chunk(n int) int {
	f, _ := d.get()
	if f.Rate <= 0 {
		return n
	}
	return min(n, max(1, f.Rate/20))
}

// wait waits until the time has passed or the faults have changed, and reports true. With 0 it waits for a change
// only. It reports false if done is closed first.
func wait(t time.Duration, changed, done <-chan struct{}) bool {
	var over <-chan time.Time
	if t > 0 {
		timer := time.NewTimer(t)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
		return true
	case <-changed:
		return true
	case <-done:
		return false
	}
}
