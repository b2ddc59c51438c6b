package history

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/wsclient"
)

// patient is how long a recording waits for anything that must happen. It takes seconds at most, but on a machine with
// much else to do Node may need minutes to start.
const patient = 4 * time.Minute

// settle ends all faults. Then each worker must get a lock, end in an orderly way, and leave no lock held.
func (r *recording) settle() error {
	r.broker.signal(syscall.SIGCONT)
	for _, w := range r.workers {
		w.process.signal(syscall.SIGCONT)
		w.proxy.Heal()
	}
	r.note("all faults are over")
	since := event.Now()
	for _, w := range r.workers {
		if err := r.waitGrant(w, since); err != nil {
			return err
		}
	}
	r.note("the workers stop")
	for _, w := range r.workers {
		if err := r.stopWorker(w); err != nil {
			return err
		}
	}
	if err := r.checkFree(); err != nil {
		return err
	}
	return r.stopBroker()
}

// waitGrant reports a violation unless the worker gets a lock.
func (r *recording) waitGrant(w *worker, since int64) error {
	ctx, cancel := context.WithTimeout(r.ctx, patient)
	defer cancel()
	if err := w.recorder.waitGrant(ctx, since); err != nil {
		if r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
		r.seen = append(r.seen, promise.Violate(promise.Liveness,
			"%s has got no lock for %v after the end of all faults", w.process.name, patient))
	}
	return nil
}

// checkFree reports a violation unless all locks become free. A lock may be kept for a session timeout.
func (r *recording) checkFree() error {
	ctx, cancel := context.WithTimeout(r.ctx, patient)
	defer cancel()
	client, err := wsclient.Dial(ctx, "ws://"+r.address, &wsclient.Options{WaitForBroker: true})
	if err != nil {
		return fmt.Errorf("check that all locks are free: %w", err)
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
		r.seen = append(r.seen, promise.Violate(promise.CrashRelease,
			"not all locks are free after all workers have ended: %v", err))
		return nil
	}
	_ = lock.Release() // on a busy machine the lease may have ended since
	return nil
}
