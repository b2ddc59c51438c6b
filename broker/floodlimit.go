package broker

import (
	"runtime"
	"sync/atomic"
	"time"
)

const (
	// floodFrames is how many frames a reader or a writer handles before it looks at the clock.
	floodFrames = 32
	// floodTime is the least time that this many frames take if the client does not flood.
	floodTime = 5 * time.Millisecond
	// slotTime is the longest time for which a reader or a writer keeps its slot. It may block
	// in a call that does not give the slot back first, such as the library's before it refuses
	// a frame.
	slotTime = 10 * time.Millisecond
)

// floodSlots limits how many readers, or writers, work for flooding clients at the same time. The
// Go scheduler gives every runnable goroutine the same time. With hundreds of goroutines that never
// run out of frames, every other goroutine would have to wait for all of them at each turn. So the
// busy ones queue for a slot. Readers and writers whose clients do not flood need none.
type floodSlots chan struct{}

// newFloodSlots returns one slot for every two processors, and at least one.
func newFloodSlots() floodSlots { return make(floodSlots, max(runtime.GOMAXPROCS(0)/2, 1)) }

// A floodLimiter makes a reader, or a writer, wait for a slot while its client floods.
type floodLimiter struct {
	slots    floodSlots
	breather *breather
	frames   int32 // handled since began
	hasSlot  atomic.Bool
	began    time.Time
	limit    *time.Timer // fires after slotTime; created with the first slot
}

// countFrame counts a frame that was handled. If the client floods, countFrame waits for a slot. It
// reports whether it did.
func (f *floodLimiter) countFrame() (waited bool) {
	if f.frames++; f.frames < floodFrames {
		return false
	}
	if time.Since(f.began) >= floodTime {
		f.giveSlot()
		f.restart()
		return false
	}
	f.giveSlot()
	if f.breather.isDue() {
		f.breather.breathe()
	}
	f.takeSlot()
	return true
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

// giveSlot gives the slot back if f has one. Call it before anything that may block.
func (f *floodLimiter) giveSlot() {
	if f.hasSlot.CompareAndSwap(true, false) {
		f.limit.Stop()
		<-f.slots
	}
}
