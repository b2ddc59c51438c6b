package broker

import (
	"testing"
	"testing/synctest"
	"time"
)

// A reader that blocks without giving its slot back makes others wait only for a limited time.
func TestSlotIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slots := make(floodSlots, 1)
		stuck, next := &floodLimiter{slots: slots}, &floodLimiter{slots: slots}
		stuck.takeSlot()
		began := time.Now()
		next.takeSlot()
		if took := time.Since(began); took != slotTime {
			t.Errorf("the next got a slot after %v, want %v", took, slotTime)
		}
		stuck.giveSlot() // it has already lost its slot, and must not give back that of another reader
		if len(slots) != 1 {
			t.Errorf("%d slots are taken, want 1", len(slots))
		}
		next.giveSlot()
	})
}

// A reader needs a slot only if its client floods. It needs none for a few frames, however fast,
// nor for many frames over a longer time.
func TestSlotsAreForFloods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &floodLimiter{slots: make(floodSlots, 1), breather: newBreather()}
		for range 10 * floodFrames {
			time.Sleep(floodTime / floodFrames) //nolint:forbidigo // virtual time
			if f.countFrame() {
				t.Fatal("it had to wait, although its client does not flood")
			}
		}
		for range floodFrames {
			f.countFrame()
		}
		if len(f.slots) != 1 {
			t.Error("it has no slot, although its client floods")
		}
		f.giveSlot()
	})
}
