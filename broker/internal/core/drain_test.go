package core

import (
	"fmt"
	"testing"
)

// A drain ends waiting requests in slices. The broker does not stop before the last of them has ended,
// even if nobody holds anything.
func TestDrainInSlices(t *testing.T) {
	const requests = 3 * usualShut
	d := newDriver(t, "config grace 20s")
	d.step("open a")
	for n := range requests {
		d.step(fmt.Sprintf("acquire a--%d x", n))
	}
	ended, slices := len(d.tell(d.machine.BeginDrain(0, nil))), 1
	for ; d.machine.IsShutting(); slices++ {
		if d.machine.IsDrained(0) {
			t.Fatalf("drained after %d of %d requests have ended", ended, requests)
		}
		if due, some := d.machine.Deadline(0); !some || due > 0 {
			t.Fatalf("%d requests still wait, and the deadline is %v", requests-ended, due)
		}
		ended += len(d.tell(d.machine.Shut(0, nil)))
	}
	if ended != requests || slices < 3 || !d.machine.IsDrained(0) || d.err != nil {
		t.Errorf("%d requests ended in %d slices, and the broker is not drained: %v", ended, slices, d.err)
	}
}
