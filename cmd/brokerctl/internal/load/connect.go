package load

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A Dial makes a client, which is not to connect again: locks that were lost on the
// way would be neither grants nor errors.
type Dial func(ctx context.Context) (*wsclient.Client, error)

// dialsAtOnce is how many connections are made at a time: enough to hide how far
// away the broker is, and not so many that they time each other out.
const dialsAtOnce = 16

// connect makes n clients, or none.
func connect(ctx context.Context, n int, dial Dial) ([]*wsclient.Client, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clients := make([]*wsclient.Client, n)
	var next atomic.Int64
	var dialing sync.WaitGroup
	for range min(n, dialsAtOnce) {
		dialing.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
				client, err := dial(ctx)
				if err != nil {
					cancel(err) // the first counts: the others may only follow from it
					return
				}
				clients[i] = client
			}
		})
	}
	dialing.Wait()
	if ctx.Err() != nil {
		closeAll(clients)
		return nil, context.Cause(ctx)
	}
	return clients, nil
}

// closeAll closes them at once: each waits for the broker to answer.
func closeAll(clients []*wsclient.Client) {
	var closing sync.WaitGroup
	for _, c := range clients {
		if c != nil {
			closing.Go(func() { _ = c.Close() })
		}
	}
	closing.Wait()
}
