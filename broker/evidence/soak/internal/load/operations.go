//go:build linux

package load

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// An operationKind is something that a client does.
type operationKind struct {
	kind   string
	weight int
	run    func(c *client, ctx context.Context)
}

var operations = []operationKind{
	{"exclusive", 20, (*client).doExclusive},
	{"shared", 15, (*client).doShared},
	{"counted", 10, (*client).doCounted},
	{"several", 10, (*client).doSeveral},
	{"nested", 10, (*client).doNested},
	{"try", 8, (*client).doTry},
	{"wait", 8, (*client).doWait},
	{"give up", 8, (*client).doGiveUp},
	{"long", 4, (*client).doLong},
	{"hold limit", 3, (*client).doHoldLimit},
	{"new name", 8, (*client).doNewName},
	{"reentrant", 3, (*client).doReentrant},
	{"loose", 6, (*client).doLoose},
	{"steal", 3, (*client).doSteal},
	{"evict", 3, (*client).doEvict},
	{"once", 4, (*client).doOnce},
	{"elect", 2, (*client).doElect},
	{"watch", 2, (*client).doWatch},
	{"info", 4, (*client).doInfo},
	{"clients", 2, (*client).doClients},
	{"why", 3, (*client).doWhy},
	{"ping", 2, (*client).doPing},
	{"drain", 1, (*client).doDrain},
	{"close", 1, (*client).doClose},
}

var totalWeight = func() int {
	sum := 0
	for _, o := range operations {
		sum += o.weight
	}
	return sum
}()

// shortHold is how long an operation holds.
func (c *client) shortHold() time.Duration {
	if c.oneIn(20) {
		return c.between(50*time.Millisecond, 200*time.Millisecond)
	}
	return c.between(0, 15*time.Millisecond)
}

// use acquires, holds for a short time, and releases.
func (c *client) use(ctx context.Context, w wish) {
	h := c.acquire(ctx, w)
	if h == nil {
		return
	}
	c.keep(h, c.shortHold())
	c.release(h)
}

// wishFor returns a wish for a random lock of a kind.
func (c *client) wishFor(operation, kind string) wish {
	name, cell := c.name(kind)
	return wish{kind: operation, name: name, cell: cell}
}

func (c *client) doExclusive(ctx context.Context) { c.use(ctx, c.wishFor("exclusive", exclusive)) }

func (c *client) doShared(ctx context.Context) {
	w := c.wishFor("shared", shared)
	if !c.oneIn(4) {
		w.options.Mode, w.cell = wsclient.Shared, -1
	}
	c.use(ctx, w)
}

func (c *client) doCounted(ctx context.Context) {
	w := c.wishFor("counted", counted)
	w.options.Mode, w.options.Limit, w.cell = wsclient.Shared, countedLimit, -1
	c.use(ctx, w)
}

func (c *client) doSeveral(ctx context.Context) {
	w := c.wishFor("several", several)
	other, _ := c.name(several)
	w.options.Also = []wsclient.LockSpec{{Name: other}}
	if other == w.name {
		w.options.Also = nil
	}
	c.use(ctx, w)
}

// doNested acquires a second lock inside a first one. Two clients may do so in opposite orders.
func (c *client) doNested(ctx context.Context) {
	outer := c.acquire(ctx, c.wishFor("nested, outer", nested))
	if outer == nil {
		return
	}
	defer c.release(outer)
	c.keep(outer, c.shortHold())
	w := c.wishFor("nested, inner", nested)
	if w.name == outer.record.Locks[0].Name {
		return
	}
	w.nested = true
	if inner := c.acquire(outer.lock.Context(), w); inner != nil {
		c.keep(inner, c.shortHold())
		c.release(inner)
	}
}

func (c *client) doTry(ctx context.Context) {
	w := c.wishFor("try", exclusive)
	w.once = true
	c.use(ctx, w)
}

func (c *client) doWait(ctx context.Context) {
	w := c.wishFor("wait", exclusive)
	w.options.Wait = c.between(time.Millisecond, 300*time.Millisecond)
	var asking sync.WaitGroup
	asking.Go(func() { c.checkOverdue(ctx, w.name, w.options.Wait) })
	c.use(ctx, w)
	asking.Wait()
}

// doGiveUp gives up soon, so that the cancel often meets the grant.
func (c *client) doGiveUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, c.between(0, 100*time.Millisecond))
	defer cancel()
	w := c.wishFor("give up", exclusive)
	if c.oneIn(3) {
		w = c.wishFor("give up", shared)
		w.options.Mode, w.cell = wsclient.Shared, -1
	}
	c.use(ctx, w)
}

// longLocks is how many locks are held for long, so that others wait for each.
const longLocks = 2

// doLong holds for up to a lease. So a fault often meets a holder, and others wait for its lock.
func (c *client) doLong(ctx context.Context) {
	n := c.random.IntN(min(longLocks, c.config.Names))
	w := wish{kind: "long", name: lockName(long, n), cell: c.config.cell(long, n)}
	w.options.Wait = c.lease()
	if h := c.acquire(ctx, w); h != nil {
		c.keep(h, c.between(0, min(c.lease(), 3*time.Second)))
		c.release(h)
	}
}

// doWatchAlone holds a lock that nobody else wants, for up to a lease.
func (c *client) doWatchAlone(ctx context.Context) {
	w := wish{kind: "watch alone", name: fmt.Sprintf("alone/%s/%d", c.config.Name, c.n), cell: -1}
	w.options.Wait = c.lease()
	if h := c.acquire(ctx, w); h != nil {
		c.keep(h, c.between(0, min(c.lease(), 3*time.Second)))
		c.release(h)
	}
}

// doHoldLimit holds for longer than the Hold of the request, or not.
func (c *client) doHoldLimit(ctx context.Context) {
	w := c.wishFor("hold limit", exclusive)
	w.options.Hold = c.between(time.Millisecond, 40*time.Millisecond)
	if h := c.acquire(ctx, w); h != nil {
		c.keep(h, c.between(0, 2*w.options.Hold))
		c.release(h)
	}
}

// doNewName uses a name that nobody has used, so that the broker must forget names.
func (c *client) doNewName(ctx context.Context) {
	c.use(ctx, wish{kind: "new name", name: fmt.Sprintf("new/%s/%d/%x", c.config.Name, c.n, c.random.Uint64()),
		cell: -1})
}
