package history

import (
	"context"
	"fmt"
	"slices"
	"syscall"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/wsclient"
)

// settle ends all faults. Then each worker must get a lock, and all requests must end. A client must get all locks,
// while the workers go on and again after they have ended. The first violation ends the recording.
func (r *recording) settle() error {
	r.broker.signal(syscall.SIGCONT)
	for _, w := range r.workers {
		w.process.signal(syscall.SIGCONT)
		w.proxy.Heal()
		_, _ = w.process.stdin.Write([]byte("\n")) // from now on it holds only for a moment
	}
	r.note("all faults are over")
	since := event.Now()
	for _, w := range r.workers {
		if err := r.checkWorker(w, since); err != nil || r.seen != nil {
			return err
		}
	}
	if err := r.checkLocks(promise.Liveness, "while the workers go on"); err != nil || r.seen != nil {
		return err
	}
	r.note("the workers stop")
	for _, w := range r.workers {
		if err := r.stopWorker(w); err != nil {
			return err
		}
	}
	if err := r.checkLocks(promise.CrashRelease, "after all workers have ended"); err != nil {
		return err
	}
	return r.stopBroker()
}

// checkWorker reports a violation unless the worker gets a lock after since, and the requests from before since end.
func (r *recording) checkWorker(w *worker, since int64) error {
	ctx, cancel := context.WithTimeout(r.ctx, r.plan.Patience)
	defer cancel()
	if err := w.recorder.waitGrant(ctx, since); err != nil {
		if r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
		r.violated(promise.Liveness, "%s has got no lock for %v after the end of all faults", w.process.name,
			r.plan.Patience)
		return nil
	}
	if err := w.recorder.waitEnded(ctx, since); err != nil {
		if r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
		r.violated(promise.Liveness, "a request has not ended for %v after the end of all faults: %s",
			r.plan.Patience, w.recorder.stuck(since))
	}
	return nil
}

func (r *recording) violated(p promise.Promise, format string, args ...any) {
	r.seen = append(r.seen, promise.Violate(p, format, args...))
}

// checkLocks reports a violation of p unless a client of its own gets all locks. A lock may be kept for a session
// timeout.
func (r *recording) checkLocks(p promise.Promise, when string) error {
	ctx, cancel := context.WithTimeout(r.ctx, r.plan.Patience)
	defer cancel()
	client, err := wsclient.Dial(ctx, "ws://"+r.address, &wsclient.Options{WaitForBroker: true})
	if err != nil {
		return fmt.Errorf("check that all locks can be had: %w", err)
	}
	defer client.Close()
	options := new(wsclient.AcquireOptions)
	for _, locks := range slices.Concat(choices, longChoices) {
		for _, l := range locks {
			options.Also = append(options.Also, wsclient.LockSpec{Name: l.Name})
		}
	}
	lock, err := client.Acquire(ctx, choices[0][0].Name, options)
	switch {
	case r.ctx.Err() != nil:
		return context.Cause(r.ctx)
	case err != nil:
		r.violated(p, "not all locks can be had %s: %v", when, err)
		return nil
	}
	_ = lock.Release() // on a busy machine the lease may have ended since
	return nil
}
