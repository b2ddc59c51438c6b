package broker

import (
	"testing"
	"testing/synctest"
	"time"
)

// A reader that blocks without giving its slot back keeps others waiting only for a while.
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
		stuck.giveSlot() // it has lost its slot already, and does not give back another's
		if len(slots) != 1 {
			t.Errorf("%d slots are taken, want 1", len(slots))
		}
		next.giveSlot()
	})
}

// Only a client that floods needs a slot. Few frames a second need none, nor do many frames in a
// longer time.
func TestSlotsAreForFloods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &floodLimiter{slots: make(floodSlots, 1)}
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
			t.Error("its client floods, and it has no slot")
		}
		f.giveSlot()
	})
}
