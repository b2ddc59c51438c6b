//go:build linux

package load

import (
	"context"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/wsclient"
)

// slack is by how much the clocks of a client and of the broker may disagree about a wait.
const slack = 20 * time.Millisecond

// checkOverdue asks the broker about the requests of this client for a lock, when a request with that wait must have
// ended. The broker says for how long a request has waited, by its own clock. So this needs no idle machine and no fast
// network: a request that the broker still lists after its wait is overdue.
func (c *client) checkOverdue(ctx context.Context, name string, wait time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, wait+c.lease()+patience)
	defer cancel()
	select {
	case <-time.After(wait + 2*slack):
	case <-ctx.Done():
		return
	}
	conn := c.connection()
	var own []wsclient.RequestInfo
	for lock, err := range conn.Info(ctx, &wsclient.InfoOptions{Match: name, Queue: 10_000}) {
		if err != nil {
			c.countResult("ask about a wait", err)
			return
		}
		for _, waiter := range lock.Waiters {
			if waiter.ID.Session == conn.Session() {
				own = append(own, waiter)
			}
		}
	}
	for _, waiter := range own {
		c.out.check(promise.BoundedWait, waiter.Duration() <= wait+slack,
			"a request for %s with Wait %v has waited for %v, as the broker says: %v", name, wait,
			waiter.Duration(), waiter)
	}
	c.out.count("ask about a wait", "done")
}
