package main

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
	"github.com/lockbroker/lockbroker/wsclient"
)

// holding is how long most locks are held at most, and rest the longest pause between two requests of a thread.
const (
	holding = 10 * time.Millisecond
	rest    = 40 * time.Millisecond
)

// A thread makes one request after another.
type thread struct {
	choices [][]event.Lock
	least   time.Duration   // how long it holds at least
	holding time.Duration   // how long it holds at most
	watches bool            // it looks at the context of a lock alone
	hurry   <-chan struct{} // closed when it must hold only for a moment
	client  *wsclient.Client
	out     *reporter
	random  *rand.Rand
	latency time.Duration // how long giveUp expects a grant to take
}

// newThread returns the thread with that index. It has no client yet.
func newThread(t task, index int) *thread {
	th := &thread{
		choices: t.Choices, holding: holding, watches: t.Watch, latency: time.Millisecond,
		random: rand.New(rand.NewPCG(t.Seed, uint64(index))),
	}
	if index%3 == 0 {
		th.choices, th.holding = t.LongChoices, time.Duration(t.LongMS)*time.Millisecond
		th.least = th.holding / 3
	}
	return th
}

// upTo returns a random duration below d.
func (th *thread) upTo(d time.Duration) time.Duration {
	return time.Duration(th.random.Int64N(int64(d)))
}

// request makes a request, holds its locks for a while, and releases them. It draws how.
func (th *thread) request(ctx context.Context) {
	locks := th.choices[th.random.IntN(len(th.choices))]
	options := optionsFor(locks)
	switch th.random.IntN(10) {
	case 0:
		th.acquire(ctx, locks, options, th.client.TryAcquire)
	case 1: // the wait times out about when the lock is granted
		options.Wait = time.Millisecond + th.upTo(50*time.Millisecond)
		th.acquire(ctx, locks, options, th.client.Acquire)
	case 2: // a cancel meets the grant
		soon, cancel := context.WithTimeout(ctx, th.upTo(50*time.Millisecond))
		th.acquire(soon, locks, options, th.client.Acquire)
		cancel()
	case 3, 4:
		th.within(ctx, locks, options)
	case 5:
		options.Hold = time.Millisecond + th.upTo(60*time.Millisecond)
		th.acquire(ctx, locks, options, th.client.Acquire)
	default:
		th.acquire(ctx, locks, options, th.client.Acquire)
	}
}

// giveUp makes a request and gives it up about when the grant arrives. If it is granted after all, it is released at
// once.
func (th *thread) giveUp(ctx context.Context, locks []event.Lock) {
	soon, cancel := context.WithCancel(ctx)
	begin := time.Now()
	after := th.upTo(2 * th.latency)
	var ending sync.WaitGroup
	ending.Go(func() {
		defer cancel()
		if after > 2*time.Millisecond {
			pause(soon, after)
		}
		for time.Since(begin) < after && soon.Err() == nil { // a timer may be late by a millisecond
			runtime.Gosched()
		}
	})
	q := th.out.call(locks)
	lock, err := th.client.Acquire(soon, locks[0].Name, optionsFor(locks))
	took := time.Since(begin)
	cancel()
	ending.Wait()
	if err != nil {
		th.latency = min(th.latency*11/10, 10*time.Millisecond)
		q.failed(err)
		return
	}
	th.latency = took
	q.granted(lock.Token())
	if at := event.Now(); lock.Valid() {
		q.held(at)
	}
	q.ended(lock.Release())
}

// acquire makes a request with a method of the client.
func (th *thread) acquire(ctx context.Context, locks []event.Lock, options *wsclient.AcquireOptions,
	method func(context.Context, string, *wsclient.AcquireOptions) (*wsclient.Lock, error)) {
	q := th.out.call(locks)
	lock, err := method(ctx, locks[0].Name, options)
	if err != nil {
		q.failed(err)
		return
	}
	q.granted(lock.Token())
	th.hold(q, lock)
	q.ended(lock.Release())
}

// within makes a request with WithLock.
func (th *thread) within(ctx context.Context, locks []event.Lock, options *wsclient.AcquireOptions) {
	q := th.out.call(locks)
	held := false
	err := th.client.WithLock(ctx, locks[0].Name, options, func(ctx context.Context) error {
		held = true
		lock, _ := wsclient.LockFrom(ctx)
		q.granted(lock.Token())
		th.hold(q, lock)
		return nil
	})
	if held {
		q.ended(err)
	} else {
		q.failed(err)
	}
}

// optionsFor returns options that ask for the modes and limits of locks.
func optionsFor(locks []event.Lock) *wsclient.AcquireOptions {
	options := &wsclient.AcquireOptions{Mode: mode(locks[0]), Limit: locks[0].Limit}
	for _, l := range locks[1:] {
		options.Also = append(options.Also, wsclient.LockSpec{Name: l.Name, Mode: mode(l), Limit: l.Limit})
	}
	return options
}

func mode(l event.Lock) wsclient.Mode {
	if l.Shared {
		return wsclient.Shared
	}
	return wsclient.Exclusive
}

// pause lets time pass.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
