package broker

import (
	"testing"
	"testing/synctest"
	"time"
)

// Whoever waits for something inside the gate, and knows of nothing to call leave before that, keeps others out only
// for a while.
func TestGateOpensAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := make(gate, 1)
		stuck, next := &visitor{gate: g}, &visitor{gate: g}
		stuck.enter()
		began := time.Now()
		next.enter()
		if took := time.Since(began); took != gateTime {
			t.Errorf("the next came in after %v, want %v", took, gateTime)
		}
		stuck.leave() // it has left already, and takes nobody's place away
		if len(g) != 1 {
			t.Errorf("%d are inside, want the next", len(g))
		}
		next.leave()
	})
}

// Only who floods comes to the gate: a few frames a second, or many that take their time, do not.
func TestGateIsForFloods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &visitor{gate: make(gate, 1)}
		for range 10 * breather {
			time.Sleep(hotTime / breather) //nolint:forbidigo // virtual time
			if v.frame() {
				t.Fatal("it had to wait, though it does not flood")
			}
		}
		for range breather {
			v.frame()
		}
		if len(v.gate) != 1 {
			t.Error("it floods, and is not inside the gate")
		}
		v.leave()
	})
}
