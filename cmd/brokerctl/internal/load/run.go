package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// ErrNothing says that there is no report, because the context ended before anything
// was measured.
var ErrNothing = errors.New("ended before anything was measured")

// Run connects, and puts the load of plan, which must be valid, on the broker. When
// it returns nothing is held or waited for, and the connections are closed.
//
// It is over when the plan's time is, when ctx ends, or when something fails: a
// client, or the broker by granting wrongly. Then there is an error, and beside it,
// if anything was measured until then, a report.
//
// Each second progress is told how far it is; it may be nil.
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

// Progress is how far a run is.
type Progress struct {
	Measured time.Duration // until now; less than 0 in the warm-up
	Grants   int64         // in that time
}

// A run is a plan that is carried out.
type run struct {
	plan    Plan
	guards  []guard // one for each name
	workers []*worker

	begin, end time.Time // of what is measured, as planned
	stopped    time.Time // when it really was over
	failed     chan struct{}

	mu   sync.Mutex
	errs []error // in the order in which they came
}

func newRun(plan Plan, lockers []locker) *run {
	r := &run{plan: plan, guards: make([]guard, plan.Names), failed: make(chan struct{})}
	for i := range r.guards {
		r.guards[i].name, r.guards[i].allowed = plan.name(i), plan.holders()
	}
	for n := range plan.Goroutines {
		r.workers = append(r.workers, newWorker(r, n, lockers[n%len(lockers)]))
	}
	return r
}

// do lets the workers work.
func (r *run) do(ctx context.Context, progress func(Progress)) (*Report, error) {
	// The end of ctx ends the load as the end of the time does, not by itself.
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
	r.stopped = time.Now() // after it: nothing counts that is later
	running.Wait()
	return r.result(ending)
}

// await waits until it is over, and says why it is.
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

// over is when the measured time was over, for one who has learned at that moment
// that it is.
func (r *run) over(at time.Time) time.Time {
	if at.After(r.end) {
		return r.end
	}
	return at
}

// counts reports whether what has happened at that time is within the measured
// time. The end is looked at twice: a timer may be late, and a run may be over early.
func (r *run) counts(working context.Context, at time.Time) bool {
	return !at.Before(r.begin) && at.Before(r.end) && working.Err() == nil
}

// fail ends the run because of err.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.errs = append(r.errs, err); len(r.errs) == 1 {
		close(r.failed)
	}
}

// failure is what the run has failed because of, or nil. Somebody whose lock was
// taken away, by an operator or the end of a connection, may learn of it after the
// next one has it, which looks like a violation: so that explains it.
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

// result is called when nobody works any more.
func (r *run) result(ending Ending) (*Report, error) {
	err := r.failure()
	if err != nil && ending == EndedByDuration {
		ending = EndedByFailure // on the last steps
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
