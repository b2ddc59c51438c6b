package cmdtest

import (
	"context"
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Until asks the broker about the lock of that name until what it hears is good
// or ctx ends. A name that is not in use is the zero LockInfo.
func Until(ctx context.Context, client *wsclient.Client, name string, good func(wire.LockInfo) bool) error {
	for {
		var last wire.LockInfo
		for lock, err := range client.Info(ctx, nil) {
			if err != nil {
				return fmt.Errorf("lock %q never as wanted: %w", name, err)
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
