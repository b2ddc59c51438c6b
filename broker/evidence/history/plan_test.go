package history

import (
	"reflect"
	"testing"
	"time"
)

// TestPlan makes the plans of many seeds. The same seed gives the same plan, no fault comes at a wrong time, and those
// that PROMISES.md excludes without lock delay come only with it. Every kind of fault occurs.
func TestPlan(t *testing.T) {
	occurs := make(map[Kind]bool)
	for seed := range uint64(60) {
		p := MakePlan(seed, time.Minute)
		if !reflect.DeepEqual(p, MakePlan(seed, time.Minute)) {
			t.Fatalf("seed %d makes two plans", seed)
		}
		var last time.Duration
		for _, f := range p.Faults {
			occurs[f.Kind] = true
			if f.At < last || f.At > p.Length {
				t.Errorf("seed %d: %s comes after %v", seed, f.describe(p), last)
			}
			last = f.At
			if (f.Kind == resetBroker || f.Kind == closeBroker || f.Kind == resetBoth) && !p.LockDelay {
				t.Errorf("seed %d: %s without lock delay", seed, f.describe(p))
			}
		}
	}
	for _, k := range kinds {
		if !occurs[k.name] {
			t.Errorf("%s never occurs", k.name)
		}
		if k.end != "" && !occurs[k.end] {
			t.Errorf("%s never occurs", k.end)
		}
	}
}

// The holders of each worker watch alone in a third of the plans.
func TestWatchersOfPlans(t *testing.T) {
	for worker := range 4 {
		watch := 0
		for seed := range uint64(60) {
			if MakePlan(seed, time.Minute).watches(worker, 1) {
				watch++
			}
		}
		if watch != 20 {
			t.Errorf("in %d of 60 plans the holders of worker %d watch alone, want 20", watch, worker)
		}
	}
}
