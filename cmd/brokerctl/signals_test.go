package main

import (
	"context"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// TestSameSignal checks that signals soon after the first one count as the same request.
func TestSameSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		signals, ends, returned := make(chan os.Signal, 2), 0, make(chan time.Time, 1)
		begin := time.Now()
		go func() {
			awaitEndSignal(ctx, signals, func(os.Signal) { ends++; cancel() })
			returned <- time.Now()
		}()
		for range 5 {
			signals <- syscall.SIGTERM
			signals <- syscall.SIGINT
			synctest.Wait()
			if ends != 1 || len(signals) != 0 || len(returned) != 0 {
				t.Fatalf("after %v: %d ends, %d signals left", time.Since(begin), ends, len(signals))
			}
			time.Sleep(cli.SameSignal / 6) //nolint:forbidigo // virtual time
		}
		if after := (<-returned).Sub(begin); after != cli.SameSignal {
			t.Errorf("a second signal counts after %v, want %v", after, cli.SameSignal)
		}
	})
}
