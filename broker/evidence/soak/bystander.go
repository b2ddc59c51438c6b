//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/wsclient"
)

const (
	bystanderLocks = 3
	bystanderKind  = "bystander/"
)

// A bystanders is a group of holders on a connection without faults. They hold all the time, and must lose their locks
// only when the broker fails: not because of what other clients do.
type bystanders struct {
	client *wsclient.Client
	broker *broker
	tally  *tally
	pauses *pauses
}

// run holds the locks until ctx ends.
func (b *bystanders) run(ctx context.Context) {
	var all sync.WaitGroup
	for n := range bystanderLocks {
		all.Go(func() {
			for ctx.Err() == nil {
				b.hold(ctx, fmt.Sprint(bystanderKind, n))
			}
		})
	}
	all.Wait()
}

// hold acquires a lock and holds it until it is lost, or ctx ends.
func (b *bystanders) hold(ctx context.Context, name string) {
	lock, err := b.client.Acquire(ctx, name, nil)
	if err != nil {
		if ctx.Err() == nil {
			b.tally.surprise("bystander: " + err.Error())
			<-time.After(time.Second)
		}
		return
	}
	select {
	case <-ctx.Done():
		_ = lock.Release() // a loss was seen, or is too late to matter
		b.tally.check(promise.Isolation, true, "")
		return
	case <-lock.Context().Done():
	}
	cause := context.Cause(lock.Context())
	var lost *wsclient.LostError
	if !errors.As(cause, &lost) {
		b.tally.check(promise.LossTold, false, "a bystander lost %s with cause %v", name, cause)
		return
	}
	// What excuses the loss may be noted a little later. If the broker took the lock, nothing excuses it.
	isCut := lost.Reason == wsclient.LostConnection || lost.Reason == wsclient.LostLease
	excused := isCut && until(context.WithoutCancel(ctx), time.Second, func() bool {
		return b.broker.excuses(lost.Since) || b.broker.current().surprise() != nil || b.pauses.near(lost.Since)
	})
	if excused { // this shows nothing, so it does not count as a check
		b.tally.loss("bystander: excused")
		return
	}
	b.tally.check(promise.Isolation, false, "a bystander lost its lock: %v", cause)
}
