package wsclient

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// Valid and Lease read the clocks when they have the mutex, which may take long.
func TestValidWaitsForTheMutex(t *testing.T) {
	for name, isHeld := range map[string]func(*Lock) bool{
		"Valid": (*Lock).Valid,
		"Lease": func(l *Lock) bool { left, _ := l.Lease(); return left > 0 },
	} {
		t.Run(name, func(t *testing.T) {
			l := fixture(t, 0)
			if !isHeld(l) {
				t.Fatal("it is not held")
			}
			l.client.mu.Lock()
			got := make(chan bool)
			go func() { got <- isHeld(l) }()
			waitForMutex("wsclient.(*Lock)." + name)
			l.client.clock.pass(10 * time.Second) // the whole lease
			l.client.mu.Unlock()
			if <-got {
				t.Error("it counts as held, by clocks that were read before the mutex was free")
			}
		})
	}
}

// waitForMutex waits until a goroutine waits for a mutex in that function.
func waitForMutex(function string) {
	stacks := make([]byte, 1<<20)
	for {
		for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if strings.Contains(stack, "[sync.Mutex.Lock") && strings.Contains(stack, function) {
				return
			}
		}
		runtime.Gosched()
	}
}
