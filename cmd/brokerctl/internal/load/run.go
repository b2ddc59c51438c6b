package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// ErrNothing says that the context ended before anything was measured, so there is no report.
var ErrNothing = errors.New("ended before anything was measured")

// Run connects and carries out the plan, which must be valid. When it returns, nothing is held or waited for,
// and the connections are closed.
//
// It ends after the planned time, when ctx ends, or when a client fails or the broker grants wrongly. After a failure
// it returns an error, and also a report if anything was measured.
//
// Run calls progress every second, unless it is nil.
func Run(ctx context.Context, plan Plan, dial Dial, progress func(Progress)) (*Report, error) {
	clients, err := connect(ctx, plan.Connections, dial)
	if err != nil {
		if ctx.Err() != nil {
			err = ErrNothing
		}
		return nil, err
	}
	defer closeAll(clients)
	lockers := make([]locker, len(clients))
	for i, c := range clients {
		lockers[i] = client{c, plan.options()}
	}
	return newRun(plan, lockers).do(ctx, progress)
}

// Progress describes how far a run has come.
type Progress struct {
	Measured time.Duration // so far; negative in the warm-up
	Grants   int64         // in that time
}

// A run is a plan that is being carried out.
type run struct {
	plan    Plan
	checks  []grantCheck // one per name
	workers []*worker

	begin, end time.Time // of the measured time, as planned
	stopped    time.Time // when the run really ended
	failed     chan struct{}

	mu   sync.Mutex
	errs []error // in the order in which they came
}

func newRun(plan Plan, lockers []locker) *run {
	r := &run{plan: plan, checks: make([]grantCheck, plan.Names), failed: make(chan struct{})}
	for i := range r.checks {
		r.checks[i].name, r.checks[i].allowed = plan.name(i), plan.holders()
	}
	for n := range plan.Goroutines {
		r.workers = append(r.workers, newWorker(r, n, lockers[n%len(lockers)]))
	}
	return r
}

// do starts the workers and waits for them.
func (r *run) do(ctx context.Context, progress func(Progress)) (*Report, error) {
	// The end of ctx must not cancel requests directly: await handles it like the end of the measured time.
	working, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	var running sync.WaitGroup
	start := make(chan struct{})
	for _, w := range r.workers {
		running.Go(func() {
			<-start
			if err := w.work(working); err != nil {
				r.fail(err)
			}
		})
	}
	r.begin = time.Now().Add(r.plan.Warmup)
	r.end = r.begin.Add(r.plan.Duration)
	close(start)

	ending := r.await(ctx, progress)
	stop(errOver)
	r.stopped = time.Now() // After stop, because nothing later counts.
	running.Wait()
	return r.result(ending)
}

// await waits for the end, and returns its reason.
func (r *run) await(ctx context.Context, progress func(Progress)) Ending {
	over := time.NewTimer(time.Until(r.end))
	defer over.Stop()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-over.C:
			return EndedByDuration
		case <-ctx.Done():
			return EndedEarly
		case <-r.failed:
			return EndedByFailure
		case <-second.C:
			if progress != nil {
				progress(r.progress())
			}
		}
	}
}

func (r *run) progress() Progress {
	p := Progress{Measured: time.Since(r.begin)}
	for _, w := range r.workers {
		p.Grants += w.grants.Load()
	}
	return p
}

// over returns the end of the measured time, for a worker that notices the end at the given time: the planned end, or
// at if the run ended early.
func (r *run) over(at time.Time) time.Time {
	if at.After(r.end) {
		return r.end
	}
	return at
}

// counts reports whether an event at the given time is within the measured time. It checks the clock and the context,
// because the timer may be late, and a run may end early.
func (r *run) counts(working context.Context, at time.Time) bool {
	return !at.Before(r.begin) && at.Before(r.end) && working.Err() == nil
}

// fail ends the run with an error.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.errs = append(r.errs, err); len(r.errs) == 1 {
		close(r.failed)
	}
}

// failure returns why the run has failed, or nil. It prefers a lost lock to a violation. After an eviction or a
// lost connection, the next holder may be granted the lock before the loser notices, which looks like a
// violation.
func (r *run) failure() error {
	for _, err := range r.errs {
		if errors.Is(err, wsclient.ErrLost) || errors.Is(err, wsclient.ErrConnection) {
			return err
		}
	}
	if len(r.errs) == 0 {
		return nil
	}
	return r.errs[0]
}

// result returns the results of Run. No worker may be running.
func (r *run) result(ending Ending) (*Report, error) {
	err := r.failure()
	if err != nil && ending == EndedByDuration {
		ending = EndedByFailure // A worker failed after the time was up.
	}
	measured := min(r.plan.Duration, r.stopped.Sub(r.begin))
	report := r.report(ending, measured, err)
	switch {
	case err == nil && measured <= 0:
		return nil, ErrNothing
	case err != nil && (measured <= 0 || report.Grants == 0):
		return nil, fmt.Errorf("%w (before anything was measured)", err)
	}
	return report, err
}
