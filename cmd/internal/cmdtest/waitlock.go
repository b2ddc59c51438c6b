package cmdtest

import (
	"context"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// WaitForLock reads a lock again and again until good returns true or ctx ends. The LockInfo of a name that is
// not in use is zero.
func WaitForLock(ctx context.Context, client *wsclient.Client, name string, good func(wire.LockInfo) bool) error {
	for {
		var last wire.LockInfo
		for lock, err := range client.Info(ctx, nil) {
			if err != nil {
				return fmt.Errorf("wait for the state of lock %q: %w", name, err)
			}
			if lock.Name == name {
				last = lock
			}
		}
		if good(last) {
			return nil
		}
		Pause(ctx)
	}
}

// Pause lets a few milliseconds pass, or less if ctx ends. A loop that looks at something again and again calls it, so
// that it leaves the processor to the programs that it waits for.
func Pause(ctx context.Context) {
	select {
	case <-time.After(5 * time.Millisecond):
	case <-ctx.Done():
	}
}
