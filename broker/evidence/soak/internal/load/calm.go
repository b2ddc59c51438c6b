//go:build linux

package load

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
	"github.com/lockbroker/lockbroker/wsclient"
)

// idleEvery is how often a paused process reports what has not ended.
const idleEvery = 200 * time.Millisecond

// reportIdle reports Idle regularly while the process is paused.
func (p *process) reportIdle(ctx context.Context) {
	tick := time.NewTicker(idleEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if p.gate.isPaused() {
			p.out.write(record.Line{Idle: &record.Idle{Busy: p.gate.list()}})
		}
	}
}

// CalmShared is the lock that all clients hold in a calm, shared. The name of each client's own lock begins with
// CalmOwn.
const (
	CalmShared = "calm/shared"
	CalmOwn    = "calm/own/"
)

// A calmLock is a lock that a client holds in a calm.
type calmLock struct {
	name string
	lock *wsclient.Lock
}

// holdInCalm makes every client acquire its own lock and the one that all share.
func (p *process) holdInCalm(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, p.config.Timeout*2+patience)
	defer cancel()
	p.forAll(func(c *client) {
		own := fmt.Sprintf("%s%s/%d", CalmOwn, c.config.Name, c.n)
		var both sync.WaitGroup
		both.Go(func() { c.holdOne(ctx, own, wsclient.Exclusive) })
		both.Go(func() { c.holdOne(ctx, CalmShared, wsclient.Shared) })
		both.Wait()
	})
}

func (c *client) holdOne(ctx context.Context, name string, mode wsclient.Mode) {
	lock, err := c.connection().Acquire(ctx, name, &wsclient.AcquireOptions{Mode: mode})
	if err != nil {
		c.countResult("calm", err)
		return
	}
	c.out.count("calm", "granted")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calm = append(c.calm, calmLock{name, lock})
}

// dropInCalm makes every client release what it holds in the calm.
func (p *process) dropInCalm() {
	p.forAll(func(c *client) {
		c.mu.Lock()
		locks := c.calm
		c.calm = nil
		c.mu.Unlock()
		for _, lock := range locks {
			_ = lock.lock.Release() // whether it was lost meanwhile does not matter here
		}
	})
}

// list reports the sessions of all clients, and what they hold in the calm.
func (p *process) list() {
	holding := &record.Holding{Sessions: []string{}}
	for _, c := range p.clients {
		holding.Sessions = append(holding.Sessions, c.connection().Session())
		c.mu.Lock()
		for _, held := range c.calm {
			if held.lock.Valid() {
				holding.Held = append(holding.Held, record.Held{
					Lock: held.name, ID: held.lock.ID().String(), Token: held.lock.Token(),
				})
			}
		}
		c.mu.Unlock()
	}
	p.out.write(record.Line{Holding: holding})
}
