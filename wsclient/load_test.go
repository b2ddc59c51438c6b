package wsclient_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A load is a set of clients that do at random all that can be done to locks. It does not check the results.
type load struct {
	t       *testing.T
	broker  *brokertest.Server
	workers sync.WaitGroup
}

// start starts the workers. Each does that many things.
func (l *load) start(workers, things int) {
	for n := range workers {
		l.workers.Go(func() {
			w := &worker{load: l, Rand: rand.New(rand.NewPCG(uint64(n), 0))}
			w.dial()
			for range things {
				w.pause()
				w.do(l.t.Context())
			}
			_ = w.client.Close()
		})
	}
}

// A worker does one thing at a time.
type worker struct {
	*load
	*rand.Rand
	client *wsclient.Client
}

func (w *worker) dial() { w.client = dial(w.t, w.broker) }

// pause lets up to 20ms of virtual time pass.
func (w *worker) pause() {
	time.Sleep(time.Duration(w.IntN(20)) * time.Millisecond) //nolint:forbidigo // virtual time
}

func (w *worker) name() string {
	return []string{"red", "blue/x"}[w.IntN(2)] + fmt.Sprint("/", w.IntN(6))
}

func (w *worker) options() *wsclient.AcquireOptions {
	o := &wsclient.AcquireOptions{Wait: time.Duration(w.IntN(100)) * time.Millisecond,
		Author: fmt.Sprint(w.IntN(10))}
	if w.IntN(2) == 0 {
		o.Mode, o.Limit = wsclient.Shared, w.IntN(4)
	}
	for range w.IntN(3) {
		o.Also = append(o.Also, wsclient.LockSpec{Name: w.name(), Mode: o.Mode})
	}
	if w.IntN(10) == 0 {
		o.Hold = time.Duration(1+w.IntN(10)) * time.Millisecond
	}
	return o
}

func (w *worker) do(ctx context.Context) {
	switch n := w.IntN(100); {
	case n < 70:
		ctx, cancel := context.WithTimeout(ctx, time.Duration(1+w.IntN(200))*time.Millisecond)
		defer cancel()
		_ = w.client.WithLock(ctx, w.name(), w.options(), w.inside)
	case n < 80:
		if lock, err := w.client.TryAcquire(ctx, w.name(), w.options()); err == nil {
			w.pause()
			_ = lock.Release()
		}
	case n < 85:
		if lock, err := w.client.Acquire(ctx, w.name(), &wsclient.AcquireOptions{Steal: true}); err == nil {
			w.pause()
			_ = lock.Release()
		}
	case n < 95:
		w.evict(ctx)
	default: // disconnects without notice, perhaps with a lock
		_, _ = w.client.TryAcquire(ctx, w.name(), w.options())
		_ = w.client.Close()
		w.dial()
	}
}

// inside runs while a lock is held.
func (w *worker) inside(ctx context.Context) error {
	w.pause()
	if w.IntN(3) == 0 {
		return w.client.WithLock(ctx, w.name(), w.options(), w.inside)
	}
	return nil
}

// evict ends a request that waits or holds.
func (w *worker) evict(ctx context.Context) {
	for lock, err := range w.client.Info(ctx, &wsclient.InfoOptions{Match: w.name()}) {
		if err != nil {
			return
		}
		victims := lock.Holders
		if lock.Waiting > 0 {
			victims = lock.Waiters
		}
		_ = w.client.Evict(ctx, victims[w.IntN(len(victims))].ID, "bad luck")
	}
}
