package bench

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"testing"
)

// roleSpin is a process that computes all the time, as another program on the machine would.
const roleSpin = "spin"

// startSpinning starts a process that computes until the test ends. It has the servers' processor and the same priority
// as the servers. A program that may choose its processor would at times be on the other one, and would be harmless
// then.
func startSpinning(tb testing.TB) {
	tb.Helper()
	startRole(tb, roleSpin, startPinned)
}

func serveSpin(string) error {
	var over atomic.Bool
	go func() {
		for n := 0; !over.Load(); n++ {
		}
	}()
	fmt.Println("spinning")
	_, err := io.Copy(io.Discard, os.Stdin)
	over.Store(true)
	return err
}
