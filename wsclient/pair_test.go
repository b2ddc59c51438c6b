package wsclient_test

import "testing"

// An Acquire and its Release cost few allocations, including those of the library for reading two frames.
func TestPairAllocatesLittle(t *testing.T) {
	c := dialInstant(t)
	if got := testing.AllocsPerRun(2000, func() { pair(t, c, "a") }); got > maxPairAllocs {
		t.Errorf("%v allocations, want %d at most", got, maxPairAllocs)
	} else {
		t.Logf("%v allocations", got)
	}
}
