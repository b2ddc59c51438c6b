package broker

import (
	"runtime"
	"sync/atomic"
	"time"
)

const (
	// floodFrames is how many frames a reader or a writer handles between two looks at the
	// clock.
	floodFrames = 32
	// floodTime is the least time in which a client that does not flood sends that many.
	floodTime = 5 * time.Millisecond
	// slotTime is how long a reader or a writer keeps its slot at most. It may block on
	// something that does not give the slot back, as the library does before it refuses a
	// frame.
	slotTime = 10 * time.Millisecond
)

// floodSlots let only a few readers, or writers, work for clients that flood. The Go scheduler
// gives every goroutine that can run the same time. With hundreds of goroutines that never run out
// of frames, all others would wait for all of them, again and again. So those wait for a slot, in
// order. Readers and writers of clients that do not flood need none.
type floodSlots chan struct{}

// newFloodSlots returns slots for half of the processors.
func newFloodSlots() floodSlots { return make(floodSlots, max(runtime.GOMAXPROCS(0)/2, 1)) }

// A floodLimiter makes a reader, or a writer, wait for a slot while its client floods.
type floodLimiter struct {
	slots   floodSlots
	frames  int32 // since began
	hasSlot atomic.Bool
	began   time.Time
	limit   *time.Timer // of slotTime; made when the first slot is taken
}

// countFrame counts a frame that was handled. If the client floods, countFrame waits for a slot and
// reports true.
func (f *floodLimiter) countFrame() (waited bool) {
	if f.frames++; f.frames < floodFrames {
		return false
	}
	f.giveSlot()
	if time.Since(f.began) < floodTime {
		f.takeSlot()
		return true
	}
	f.restart()
	return false
}

// takeSlot waits for a slot.
func (f *floodLimiter) takeSlot() {
	f.slots <- struct{}{}
	if f.limit == nil {
		f.limit = time.AfterFunc(slotTime, f.giveSlot)
	} else {
		f.limit.Reset(slotTime)
	}
	f.hasSlot.Store(true)
	f.restart()
}

func (f *floodLimiter) restart() { f.frames, f.began = 0, time.Now() }

// giveSlot gives the slot back, if there is one. Call it before anything that may block.
func (f *floodLimiter) giveSlot() {
	if f.hasSlot.CompareAndSwap(true, false) {
		f.limit.Stop()
		<-f.slots
	}
}
