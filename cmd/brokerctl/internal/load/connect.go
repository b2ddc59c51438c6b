package load

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A Dial returns a connected client. The client must not reconnect: locks that are lost with a connection would count
// neither as grants nor as errors.
type Dial func(ctx context.Context) (*wsclient.Client, error)

// dialsAtOnce is the number of connections that are made in parallel: enough to hide the latency of the network, and
// few enough not to time out.
const dialsAtOnce = 16

// connect returns n clients, or an error and none.
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
					cancel(err) // Later errors may be consequences of the first one.
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

// closeAll closes all clients in parallel, because each waits for the broker's answer.
func closeAll(clients []*wsclient.Client) {
	var closing sync.WaitGroup
	for _, c := range clients {
		if c != nil {
			closing.Go(func() { _ = c.Close() })
		}
	}
	closing.Wait()
}
