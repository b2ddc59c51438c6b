//go:build linux

package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A client makes one operation after another on its connection.
type client struct {
	*process
	n       int
	watches bool       // its holders look at the contexts of their locks alone
	random  *rand.Rand // belongs to the goroutine of the client
	mu      sync.Mutex
	conn    *wsclient.Client
	holders int64      // numbers what it reports
	calm    []calmLock // what it holds in a calm
}

// connection returns the current connection.
func (c *client) connection() *wsclient.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn
}

// connect makes a connection. Without a broker it waits for one until ctx ends.
func (c *client) connect(ctx context.Context) error {
	label := fmt.Sprintf("soak/%s/%d", c.config.Name, c.n)
	conn, err := wsclient.Dial(ctx, c.config.URL, &wsclient.Options{Label: label, Author: label,
		WaitForBroker: true})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
	return nil
}

// serve makes one operation after another until ctx ends.
func (c *client) serve(ctx context.Context) {
	for {
		o := c.pick()
		end := c.gate.enter(ctx, fmt.Sprintf("client %d: %s", c.n, o.kind))
		if end == nil {
			return
		}
		o.run(c, ctx)
		c.replaceEnded(ctx)
		end()
		think := time.Duration(c.random.ExpFloat64() * float64(c.config.Think))
		select {
		case <-time.After(think):
		case <-ctx.Done():
			return
		}
	}
}

// replaceEnded connects again if the connection has ended for good, which no fault causes.
func (c *client) replaceEnded(ctx context.Context) {
	conn := c.connection()
	select {
	case <-conn.Done():
		c.out.unexpected("client ended", conn.Err())
		_ = conn.Close()
		_ = c.connect(ctx) // fails only when ctx ends
	default:
	}
}

// pick chooses an operation by its weight. Clients that watch alone also hold for long, so that faults meet them.
func (c *client) pick() operationKind {
	if c.watches && c.oneIn(4) {
		return operationKind{kind: "watch alone", run: (*client).doWatchAlone}
	}
	at := c.random.IntN(totalWeight)
	for _, o := range operations {
		if at -= o.weight; at < 0 {
			return o
		}
	}
	return operations[0]
}

// name returns a random lock of a kind, and the cell that it protects.
func (c *client) name(kind string) (name string, cell int) {
	n := c.random.IntN(c.config.Names)
	return lockName(kind, n), c.config.cell(kind, n)
}

// between returns a random duration.
func (c *client) between(least, most time.Duration) time.Duration {
	return least + rand.N(most-least+1)
}

// oneIn returns true once in n times.
func (c *client) oneIn(n int) bool { return c.random.IntN(n) == 0 }
