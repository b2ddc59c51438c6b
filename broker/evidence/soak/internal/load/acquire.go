//go:build linux

package load

import (
	"context"
	"errors"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/mono"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
	"github.com/lockbroker/lockbroker/wsclient"
)

// patience is how long something may take that needs only a processor, on a busy machine.
const patience = 15 * time.Second

// A wish describes an acquire.
type wish struct {
	kind    string // of the operation, for the counts
	name    string
	cell    int // the cell to write to, or -1
	options wsclient.AcquireOptions
	once    bool // use TryAcquire
	loose   bool
	nested  bool // the context carries a lock
}

// locks returns the locks of the wish, for the record.
func (w *wish) locks() []record.Lock {
	locks := []record.Lock{{Name: w.name, Shared: w.options.Mode == wsclient.Shared, Limit: w.options.Limit}}
	for _, also := range w.options.Also {
		locks = append(locks, record.Lock{
			Name: also.Name, Shared: also.Mode == wsclient.Shared, Limit: also.Limit,
		})
	}
	return locks
}

// acquire acquires what w says. It returns nil if the lock was not granted. It checks that a wait ends in time.
func (c *client) acquire(ctx context.Context, w wish) *holder {
	conn := c.connection()
	acquire := conn.Acquire
	if w.once {
		acquire = conn.TryAcquire
	}
	called, begin, stalled := mono.Now(), time.Now(), c.stalls.sum()
	lock, err := acquire(ctx, w.name, &w.options)
	took := time.Since(begin) - (c.stalls.sum() - stalled)
	if most := c.longestWait(w); most > 0 {
		c.out.check(promise.BoundedWait, took <= most, "a request for %s with Wait %v took %v and returned %v",
			w.name,
			w.options.Wait, took, err)
	}
	if err != nil {
		c.countFailure(w, err)
		c.out.check(promise.CleanGiveUp, lock == nil, "a lock and an error: %v", err)
		return nil
	}
	c.out.count(w.kind, "granted")
	h := c.newHolder(lock, w.locks(), called, w.loose)
	h.cell = w.cell
	return h
}

// longestWait returns after how long the request must have ended, or 0 if it may wait for ever. If the connection
// fails, the client may notice only when its lease ends, and a request that does not wait fails then.
func (c *client) longestWait(w wish) time.Duration {
	if w.options.Wait == 0 && !w.once {
		return 0
	}
	return w.options.Wait + c.lease() + patience
}

// lease returns how long a client treats its locks as held without hearing from the broker.
func (c *client) lease() time.Duration { return c.config.Timeout * 2 / 3 }

// results names the errors that faults and other clients cause.
var results = []struct {
	err  error
	name string
}{
	{wsclient.ErrTimeout, "timed out"},
	{wsclient.ErrUnavailable, "unavailable"},
	{wsclient.ErrNotGranting, "not granting"},
	{wsclient.ErrDeadlock, "deadlock"},
	{wsclient.ErrEvicted, "evicted"},
	{wsclient.ErrNotFound, "not found"},
	{wsclient.ErrShuttingDown, "shutting down"},
	{wsclient.ErrReleased, "enclosing lock released"},
	{wsclient.ErrLost, "enclosing lock lost"},
	{wsclient.ErrConnection, "no connection"},
	{context.DeadlineExceeded, "gave up"},
	{context.Canceled, "gave up"},
	{wsclient.ErrClosed, "closed"},
}

// countResult counts an operation by its error.
func (c *client) countResult(kind string, err error) {
	if err == nil {
		c.out.count(kind, "done")
		return
	}
	for _, r := range results {
		if errors.Is(err, r.err) {
			c.out.count(kind, r.name)
			return
		}
	}
	c.out.count(kind, "failed")
	c.out.unexpected(kind, err)
}

// countFailure counts a request that was not granted. Only a nested request can be refused as a deadlock, and the error
// says which requests wait for one another.
func (c *client) countFailure(w wish, err error) {
	c.countResult(w.kind, err)
	var refusal *wsclient.Error
	if errors.Is(err, wsclient.ErrDeadlock) && errors.As(err, &refusal) {
		c.out.check(promise.Deadlocks, w.nested && len(refusal.Cycle) > 0,
			"a request for %s (nested: %v) was refused with the cycle %v", w.name, w.nested, refusal.Cycle)
	}
}
