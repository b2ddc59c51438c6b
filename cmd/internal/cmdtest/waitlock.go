package cmdtest

import (
	"context"
	"fmt"

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
	}
}
