package load

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// errOver is the cause of a context that ended because the time was up.
var errOver = errors.New("the time is up")

// A worker is one goroutine of a run. Only that goroutine writes to it.
type worker struct {
	run    *run
	locker locker
	order  *rand.Rand // chooses the next lock; the same in each run
	newest int64      // the token of its latest grant

	grants  atomic.Int64  // in the measured time; read concurrently for progress
	acquire times         // from the request to the grant
	pair    times         // acquire plus the time from the release to its confirmation
	waited  time.Duration // how long its last request had waited at the end, or 0
}

func newWorker(r *run, n int, l locker) *worker {
	return &worker{
		run:     r,
		locker:  l,
		order:   rand.New(rand.NewPCG(0, uint64(n))),
		acquire: newTimes(),
		pair:    newTimes(),
	}
}

// work acquires and releases locks until ctx ends or something fails.
func (w *worker) work(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := w.turn(ctx, &w.run.checks[w.order.IntN(len(w.run.checks))]); err != nil {
			return err
		}
	}
	return nil
}

// turn acquires a lock, holds it and releases it.
func (w *worker) turn(ctx context.Context, g *grantCheck) error {
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
	case !granted.Before(w.run.end): // The time was up when the grant came.
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

// waitedTo records how long the request had waited when the measured time ended. It records nothing for a request
// that was sent later.
func (w *worker) waitedTo(at, asked time.Time) {
	w.waited = max(w.waited, w.run.over(at).Sub(asked))
}

// hold holds a lock for the planned time, or until it is lost or the time is up.
func (w *worker) hold(ctx context.Context, g *grantCheck, lock held, newest int64) error {
	defer g.releasing()
	token := lock.Token()
	if err := g.granted(token, newest); err != nil {
		return err
	}
	if token <= w.newest {
		return violated("%s was granted with token %d, after the same caller got another lock with token %d",
			g.name, token, w.newest)
	}
	w.newest = token
	if w.run.plan.Hold == 0 {
		return nil
	}
	timer := time.NewTimer(w.run.plan.Hold)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-lock.Context().Done(): // Release returns the reason.
	case <-ctx.Done():
	}
	return nil
}
