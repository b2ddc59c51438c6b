package broker

import (
	"runtime"
	"sync/atomic"
	"time"
)

const (
	// breather is how many frames a reader, or a writer, handles before it lets others go on.
	breather = 32
	// hotTime is how long it takes to handle these, at least, where a client does not flood.
	hotTime = 5 * time.Millisecond
	// gateTime is for how long a visitor keeps others out at most: it may have to wait for something that
	// nobody knows of who could call leave, as the library does before it refuses a frame.
	gateTime = 10 * time.Millisecond
)

// A gate lets only a few readers, or writers, at a time work for clients that flood. The scheduler
// of Go gives everybody who can run the same time: with hundreds of goroutines that never run out
// of frames, everybody else would wait for all of them, again and again. They wait at the gate in
// order. Those of clients that do not flood never come to it.
type gate chan struct{}

// newGate returns a gate that leaves processors to others.
func newGate() gate { return make(gate, max(runtime.GOMAXPROCS(0)/2, 1)) }

// A visitor is a reader or a writer that may have to go through the gate.
type visitor struct {
	gate   gate
	frames int32 // since began
	inside atomic.Bool
	began  time.Time   // to handle frames
	limit  *time.Timer // of gateTime; made when it enters first
}

// frame notes that a frame was handled. Where the client floods it waits for its turn, and reports true.
func (v *visitor) frame() (waited bool) {
	if v.frames++; v.frames < breather {
		return false
	}
	v.leave()
	if time.Since(v.began) < hotTime {
		v.enter()
		return true
	}
	v.restart()
	return false
}

// enter waits for a turn at the gate.
func (v *visitor) enter() {
	v.gate <- struct{}{}
	if v.limit == nil {
		v.limit = time.AfterFunc(gateTime, v.leave)
	} else {
		v.limit.Reset(gateTime)
	}
	v.inside.Store(true)
	v.restart()
}

func (v *visitor) restart() { v.frames, v.began = 0, time.Now() }

// leave is called before the visitor waits for anything else, by whoever knows of that.
func (v *visitor) leave() {
	if v.inside.CompareAndSwap(true, false) {
		v.limit.Stop()
		<-v.gate
	}
}
