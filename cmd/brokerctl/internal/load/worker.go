package load

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// errOver is why a wait ends when the time is over.
var errOver = errors.New("the time is over")

// A worker is one goroutine's part of a run. Nobody else writes to it.
type worker struct {
	run    *run
	locker locker
	order  *rand.Rand // which lock is next: the same in each run
	newest int64      // its last token

	grants  atomic.Int64  // in the time that counts; whoever shows progress reads it
	acquire times         // from asking to the grant
	pair    times         // that, and from giving back to the answer
	waited  time.Duration // by the end of the time, if it was waiting then, else 0
}

func newWorker(r *run, n int, l locker) *worker {
	return &worker{run: r, locker: l, order: rand.New(rand.NewPCG(0, uint64(n))), acquire: newTimes(), pair: newTimes()}
}

// work acquires and releases until ctx ends or something goes wrong.
func (w *worker) work(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := w.turn(ctx, &w.run.guards[w.order.IntN(len(w.run.guards))]); err != nil {
			return err
		}
	}
	return nil
}

// turn acquires a lock, holds it and releases it.
func (w *worker) turn(ctx context.Context, g *guard) error {
	newest := g.newest.Load()
	asked := time.Now()
	lock, err := w.locker.acquire(ctx, g.name)
	granted := time.Now()
	switch {
	case errors.Is(err, errOver):
		w.waitedTo(granted, asked)
		return nil
	case err != nil:
		return err
	case w.run.counts(ctx, granted):
		w.grants.Store(w.grants.Load() + 1)
		w.acquire.add(granted.Sub(asked))
	case !granted.Before(w.run.end): // and it is only about to be noticed that it is over
		w.waitedTo(granted, asked)
	}
	err = w.hold(ctx, g, lock, newest)
	releasing := time.Now()
	if releaseErr := lock.Release(); releaseErr != nil {
		return errors.Join(releaseErr, err)
	}
	if released := time.Now(); w.run.counts(ctx, released) {
		w.pair.add(granted.Sub(asked) + released.Sub(releasing))
	}
	return err
}

// waitedTo notes for how long somebody was waiting when the time was over, if it was
// not over already when he asked.
func (w *worker) waitedTo(at, asked time.Time) {
	w.waited = max(w.waited, w.run.over(at).Sub(asked))
}

// hold holds a lock for as long as planned, unless it is lost, or the time over,
// before.
func (w *worker) hold(ctx context.Context, g *guard, lock held, newest int64) error {
	defer g.leave()
	token := lock.Token()
	if err := g.enter(token, newest); err != nil {
		return err
	}
	if token <= w.newest {
		return violated("%s was granted with token %d, and to the same caller, before, another lock with %d", g.name, token, w.newest)
	}
	w.newest = token
	if w.run.plan.Hold == 0 {
		return nil
	}
	timer := time.NewTimer(w.run.plan.Hold)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-lock.Context().Done(): // Release will say why
	case <-ctx.Done():
	}
	return nil
}
