//go:build linux

package load

import (
	"context"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/mono"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
	"github.com/lockbroker/lockbroker/wsclient"
)

// doReentrant acquires a lock that it holds. The inner call must not wait.
func (c *client) doReentrant(ctx context.Context) {
	outer := c.acquire(ctx, c.wishFor("reentrant", exclusive))
	if outer == nil {
		return
	}
	defer c.release(outer)
	inner, err := c.connection().Acquire(outer.lock.Context(), outer.record.Locks[0].Name, nil)
	if err != nil {
		held := c.checkHeld(outer)
		c.out.check(promise.Deadlocks, !held, "an acquire inside the same lock failed: %v", err)
		return
	}
	c.out.check(promise.Deadlocks, inner.Token() == outer.record.Token, "the same lock has tokens %d and %d",
		outer.record.Token, inner.Token())
	c.keep(outer, c.shortHold())
	_ = inner.Release() // an error says only that the outer lock was lost, which release checks
}

// doOnce does something at most once in a period, whichever client is first.
func (c *client) doOnce(ctx context.Context) {
	w := c.wishFor("once", once)
	w.once = true
	w.options.MinHold = c.between(50*time.Millisecond, 300*time.Millisecond)
	c.use(ctx, w)
}

// doElect stands for leader for a while, and leads for short terms.
func (c *client) doElect(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, c.between(200*time.Millisecond, 2*time.Second))
	defer cancel()
	name, cell := c.name(leader)
	called := mono.Now()
	err := c.connection().Elect(ctx, name, nil, func(ctx context.Context) error {
		lock, _ := wsclient.LockFrom(ctx)
		h := c.newHolder(lock, []record.Lock{exclusiveLock(name)}, called, false)
		h.cell, h.bounded = cell, true
		c.keepLeading(ctx, h)
		c.report(h)
		called = mono.Now()
		return nil
	})
	c.countResult("elect", err)
}

// keepLeading holds until the term is over. Elect releases the lock.
func (c *client) keepLeading(ctx context.Context, h *holder) {
	c.out.count("elect", "led")
	end := time.NewTimer(c.between(0, 100*time.Millisecond))
	defer end.Stop()
	for c.checkHeld(h) {
		c.write(h)
		select {
		case <-end.C:
			return
		case <-time.After(sampleEvery):
		case <-ctx.Done():
			return
		}
	}
}

// doDrain lets the client finish what it does, and makes a new one.
func (c *client) doDrain(ctx context.Context) {
	short, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	c.countResult("drain", c.connection().Drain(short))
	c.reconnect(ctx)
}

// doClose closes the client while it holds a lock and waits for another, and makes a new one.
func (c *client) doClose(ctx context.Context) {
	w := c.wishFor("close", exclusive)
	w.options.Wait = 200 * time.Millisecond
	h := c.acquire(ctx, w)
	waiting := make(chan *holder, 1)
	go func() {
		other := w
		other.options.Wait = time.Second
		waiting <- c.acquire(ctx, other)
	}()
	if h != nil {
		c.keep(h, c.shortHold())
		c.report(h)
	}
	_ = c.connection().Close()
	if h != nil {
		held := c.checkHeld(h)
		c.out.check(promise.LossTold, !held, "%s is held after Close", h.record.ID)
	}
	if other := <-waiting; other != nil {
		c.release(other)
	}
	c.out.count("close", "done")
	c.reconnect(ctx)
}

func (c *client) reconnect(ctx context.Context) {
	if err := c.connect(ctx); err != nil {
		c.countResult("connect", err)
	}
}
