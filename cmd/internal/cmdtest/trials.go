package cmdtest

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// Trials runs trial for 0 to n-1, atATime of them in parallel, and logs their margins: by how much one event
// came before another. A trial that fails, or has a margin of 0 or less, fails the test.
func Trials(t *testing.T, n, atATime int, trial func(n int) (margin time.Duration, err error)) {
	t.Helper()
	var margins []time.Duration
	var mu sync.Mutex
	var lanes sync.WaitGroup
	for lane := range atATime {
		lanes.Go(func() {
			for i := lane; i < n; i += atATime {
				margin, err := trial(i)
				mu.Lock()
				if err != nil {
					t.Errorf("trial %d: %v", i, err)
				} else {
					margins = append(margins, margin)
				}
				mu.Unlock()
			}
		})
	}
	lanes.Wait()
	if len(margins) != n {
		t.Fatalf("only %d of %d trials succeeded", len(margins), n)
	}
	slices.Sort(margins)
	at := func(part float64) time.Duration {
		return margins[int(part*float64(len(margins)-1))].Round(time.Millisecond)
	}
	t.Logf("%d trials, margins: least %v, 1%% %v, median %v, 99%% %v, most %v",
		n, at(0), at(0.01), at(0.5), at(0.99), at(1))
	if margins[0] <= 0 {
		t.Errorf("too late by %v", -margins[0])
	}
}
