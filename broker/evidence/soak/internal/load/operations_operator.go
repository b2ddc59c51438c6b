//go:build linux

package load

import (
	"context"
	"errors"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/wsclient"
)

// doLoose holds a lock that others steal, or evict its holder.
func (c *client) doLoose(ctx context.Context) {
	w := c.wishFor("loose", loose)
	w.loose = true
	h := c.acquire(ctx, w)
	if h == nil {
		return
	}
	remove := c.victims.add(h)
	c.keep(h, c.between(0, 200*time.Millisecond))
	remove()
	c.release(h)
}

// doSteal takes a lock from its holders, which must learn of it.
func (c *client) doSteal(ctx context.Context) {
	w := c.wishFor("steal", loose)
	w.options.Steal, w.loose = true, true
	victims := c.victims.of(w.name)
	h := c.acquire(ctx, w)
	if h == nil {
		return
	}
	c.keep(h, c.shortHold())
	c.release(h)
	for _, victim := range victims {
		c.checkTold(victim)
	}
}

// doEvict ends a request of another client, which must learn of it.
func (c *client) doEvict(ctx context.Context) {
	victims := c.victims.of("")
	if len(victims) == 0 {
		c.out.count("evict", "no victim")
		return
	}
	victim := victims[c.random.IntN(len(victims))]
	err := c.connection().Evict(ctx, victim.lock.ID(), "soak")
	c.countResult("evict", err)
	if err == nil {
		c.checkTold(victim)
	}
}

// checkTold checks that a holder whose lock was taken learns of it: at once, or when its lease ends.
func (c *client) checkTold(victim *holder) {
	limit := time.NewTimer(c.lease() + 2*patience)
	defer limit.Stop()
	select {
	case <-victim.lock.Context().Done():
		c.out.check(promise.LossTold, true, "")
	case <-limit.C:
		c.out.check(promise.LossTold, false, "%s was not told that its lock was taken", victim.record.ID)
	}
}

// checkListing checks that no listing shows more holders of a lock than the lock may have.
func (c *client) checkListing(what string, lock wsclient.LockInfo) {
	most := mostHolders(kindOf(lock.Name))
	c.out.check(promise.Exclusion, most == 0 || lock.Holding <= most, "%s shows %d holders of %s: %v", what,
		lock.Holding, lock.Name, lock.Holders)
	for _, holder := range lock.Holders {
		c.out.check(promise.RisingTokens, holder.Token > 0, "%s shows a holder of %s without a token", what,
			lock.Name)
	}
}

func (c *client) doInfo(ctx context.Context) {
	options := &wsclient.InfoOptions{Empty: c.oneIn(10), Queue: 1 + c.random.IntN(20), Page: 1 + c.random.IntN(100)}
	if !c.oneIn(5) {
		options.Match = kinds[c.random.IntN(len(kinds))] + "/*"
	}
	options.Whole = c.oneIn(2)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for lock, err := range c.connection().Info(ctx, options) {
		if err != nil {
			c.countResult("info", err)
			return
		}
		c.checkListing("info", lock)
	}
	c.countResult("info", nil)
}

func (c *client) doWatch(ctx context.Context) {
	kind := kinds[c.random.IntN(len(kinds))]
	ctx, cancel := context.WithTimeout(ctx, c.between(100*time.Millisecond, 2*time.Second))
	defer cancel()
	for view, err := range c.connection().Watch(ctx, kind+"/*") {
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				err = nil
			}
			c.countResult("watch", err)
			return
		}
		c.out.count("watch", "change")
		if view.Change == nil {
			for _, lock := range view.Locks() {
				c.checkListing("watch", lock)
			}
			continue
		}
		if lock, held := view.Lock(view.Change.Lock); held {
			c.checkListing("watch", lock)
		}
	}
}

func (c *client) doClients(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	options := &wsclient.ClientsOptions{Page: 1 + c.random.IntN(50), Holding: c.oneIn(3), Waiting: c.oneIn(3)}
	for _, err := range c.connection().Clients(ctx, options) {
		if err != nil {
			c.countResult("clients", err)
			return
		}
	}
	c.countResult("clients", nil)
}

func (c *client) doWhy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	name, _ := c.name(kinds[c.random.IntN(len(kinds))])
	_, err := c.connection().WhyLock(ctx, name)
	c.countResult("why", err)
}

func (c *client) doPing(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := c.connection().Ping(ctx)
	c.countResult("ping", err)
}
