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

// sampleEvery is how often a holder checks that it holds.
const sampleEvery = 20 * time.Millisecond

// A holder is a lock that a client holds, or has lost.
type holder struct {
	lock     *wsclient.Lock
	record   record.Holder
	cell     int  // the cell that the lock protects, or -1
	lost     bool // the client has seen the loss
	reported bool
	// bounded says that the context of the lock may end before the lock is lost, because the call has a deadline.
	bounded bool
	pace    pace
}

// newHolder returns a holder for a lock that was just acquired, by a call that began at called.
func (c *client) newHolder(lock *wsclient.Lock, locks []record.Lock, called int64, isLoose bool) *holder {
	c.mu.Lock()
	c.holders++
	n := c.holders
	c.mu.Unlock()
	from := mono.Now()
	return &holder{lock: lock, cell: -1, record: record.Holder{
		Client: c.n, N: n, ID: lock.ID().String(), Locks: locks, Token: lock.Token(),
		Called: called, From: from, Loose: isLoose,
	}, pace: pace{latest: from}}
}

// keep holds for a while, or until the lock is lost, and checks regularly whether it is held.
func (c *client) keep(h *holder, d time.Duration) {
	end := time.NewTimer(d)
	defer end.Stop()
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	c.write(h)
	for c.checkHeld(h) {
		select {
		case <-end.C:
			c.write(h)
			c.checkHeld(h)
			return
		case <-tick.C:
			c.report(h)
		case <-h.lock.Context().Done():
			held := c.checkHeld(h)
			c.out.check(promise.LossTold, !held, "the context of %s has ended, but it is valid",
				h.record.ID)
			return
		}
	}
}

// checkHeld reports whether the lock is held, and notes the moment. If it was lost, checkHeld checks the loss. A client
// that watches alone asks Valid once, and then looks only at the context.
func (c *client) checkHeld(h *holder) bool {
	if h.lost {
		return false
	}
	now := mono.Now()
	isSteady := h.pace.isSteady(now)
	held := false
	if c.watches && h.record.To > 0 {
		held = h.lock.Context().Err() == nil
	} else {
		held, isSteady = h.lock.Valid(), true
	}
	if !held {
		h.lost = true
		c.checkLoss(h)
	} else if isSteady {
		h.record.To = now
	}
	return held
}

// report reports the holder, or until when it has held.
func (c *client) report(h *holder) {
	switch r := h.record; {
	case r.To == 0: // it never held for certain
	case !h.reported:
		h.reported = true
		c.out.write(record.Line{Hold: &r})
	default:
		c.out.write(record.Line{Sample: &record.Sample{Client: r.Client, N: r.N, To: r.To}})
	}
}

// write writes to the resource. The resource may refuse only a holder that has lost its lock.
func (c *client) write(h *holder) {
	if h.cell < 0 {
		return
	}
	if c.resource.Write(h.cell, h.record.Token) {
		c.out.check(promise.Fencing, true, "")
		c.out.count("write", "accepted")
		return
	}
	c.out.count("write", "refused")
	valid := h.lock.Valid()
	c.out.check(promise.Fencing, !valid || h.record.Loose,
		"the resource refused token %d of %s, whose lock is held",
		h.record.Token, h.record.ID)
}

// checkLoss checks that a holder that has lost its lock is told: its context ends, with the loss as its cause.
func (c *client) checkLoss(h *holder) {
	ctx := h.lock.Context()
	select {
	case <-ctx.Done():
	case <-time.After(patience):
		c.out.check(promise.LossTold, false, "%s is not valid, but its context has not ended", h.record.ID)
		return
	}
	var lost *wsclient.LostError
	cause := context.Cause(ctx)
	ok := errors.As(cause, &lost)
	c.out.check(promise.LossTold, ok || h.bounded && errors.Is(cause, context.DeadlineExceeded),
		"%s was lost with cause %v", h.record.ID, cause)
	if ok {
		c.out.countLoss(string(lost.Reason))
		if c.watches {
			c.out.countLoss(string(lost.Reason) + ", watched alone")
		}
		late := time.Duration(h.record.To-mono.Now()) + time.Since(lost.Since)
		c.out.check(promise.LossTold, late <= c.mostLateness(),
			"the holder of %s went on for %v after its loss: %v", h.record.ID, late, lost)
	}
}

// release releases the lock. The error must say whether the lock was held until then.
func (c *client) release(h *holder) {
	c.checkHeld(h)
	c.report(h)
	err := h.lock.Release()
	var lost *wsclient.LostError
	switch {
	case errors.As(err, &lost):
		if !h.lost {
			c.out.countLoss(string(lost.Reason))
		}
	case err != nil:
		c.out.check(promise.LossTold, false, "release of %s: %v", h.record.ID, err)
		return
	}
	again := h.lock.Release()
	c.out.check(promise.LossTold, (err == nil || lost != nil) && !(err == nil && h.lost) && errors.Is(again, err),
		"%s (lost before: %v): release returned %v, and then %v", h.record.ID, h.lost, err, again)
}
