package history

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// A recording is a history that is being recorded. One goroutine runs it; fail and onEnd are called by others.
type recording struct {
	plan     *Plan
	programs Programs
	dir      string
	env      []string
	ctx      context.Context
	fail     context.CancelCauseFunc

	address   string // of the broker
	broker    *process
	brokers   int // how many have been started
	workers   []*worker
	chosen    map[int]int // the index of the worker that a chain of faults is for
	recorders []*recorder
	notes     []Note
	seen      []*promise.Violation

	mu        sync.Mutex
	processes []*process
}

// Record records a history. An error says that nothing can be concluded, for example because a worker does not start.
// When Record returns, all its processes and goroutines have ended.
func Record(ctx context.Context, plan *Plan, programs Programs) (*History, error) {
	dir, err := os.MkdirTemp("", "history-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it holds nothing that anyone needs
	r := &recording{
		plan: plan, programs: programs, dir: dir, env: append(os.Environ(), "GORACE=halt_on_error=1"),
		chosen: make(map[int]int),
	}
	r.ctx, r.fail = context.WithCancelCause(ctx)
	defer r.fail(nil)
	defer r.killAll()
	err = r.run()
	r.killAll()
	return r.history(), err
}

// run carries out the plan.
func (r *recording) run() error {
	if err := r.startBroker(r.plan.Timeout); err != nil {
		return err
	}
	for _, w := range r.plan.Workers {
		if w.Node && r.programs.Node == nil {
			continue
		}
		if err := r.addWorker(w); err != nil {
			return err
		}
	}
	begin := time.Now()
	for _, f := range r.plan.Faults {
		if err := r.sleepUntil(begin.Add(f.At)); err != nil {
			return err
		}
		f.Worker = r.target(f)
		r.note(f.describe(r.plan))
		if err := acts[f.Kind](r, r.workers[f.Worker], f); err != nil {
			return fmt.Errorf("%s: %w", f.describe(r.plan), err)
		}
	}
	if err := r.sleepUntil(begin.Add(r.plan.Length)); err != nil {
		return err
	}
	return r.settle()
}

// target returns which worker the fault is for. All faults of a chain are for the same.
func (r *recording) target(f Fault) int {
	if w, ok := r.chosen[f.Chain]; ok {
		return w
	}
	target, latest := f.Worker%len(r.workers), int64(0)
	for i, w := range r.workers {
		if at := w.recorder.latestHold(); f.AtHold && at > latest {
			target, latest = i, at
		}
	}
	r.chosen[f.Chain] = target
	return target
}

// sleepUntil waits for a moment.
func (r *recording) sleepUntil(t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
}

func (r *recording) note(text string) {
	r.notes = append(r.notes, Note{Time: event.Now(), Text: text})
}

// add adds a process to those that killAll kills.
func (r *recording) add(p *process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.processes = append(r.processes, p)
}

// onEnd ends the recording if a process has ended by itself.
func (r *recording) onEnd(p *process) {
	if err := p.surprise(); err != nil {
		r.fail(err)
	}
}

// await waits until a process has ended. If that takes too long, it kills the process. A worker in Go then says first
// what its goroutines do.
func (r *recording) await(p *process) error {
	timer := time.NewTimer(r.plan.Patience)
	defer timer.Stop()
	select {
	case <-p.ended:
		return nil
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	case <-timer.C:
	}
	p.signal(syscall.SIGQUIT)
	timer.Reset(r.plan.Patience)
	select {
	case <-p.ended:
	case <-timer.C:
		p.kill()
	}
	return fmt.Errorf("%s has not ended within %v after it was told to:\n%s", p.name, r.plan.Patience, p.logged())
}

// killAll kills what still runs, and waits for it.
func (r *recording) killAll() {
	r.mu.Lock()
	processes := r.processes
	r.mu.Unlock()
	for _, p := range processes {
		p.kill()
	}
	for _, w := range r.workers {
		w.proxy.Close()
	}
}

// history returns what was recorded. All processes have ended.
func (r *recording) history() *History {
	h := &History{Plan: r.plan, Notes: r.notes, Seen: r.seen, Logs: make(map[string]string)}
	for _, recorder := range r.recorders {
		h.Requests = append(h.Requests, recorder.all()...)
	}
	for _, p := range r.processes {
		if log := p.logged(); log != "" {
			h.Logs[p.name] = log
		}
	}
	return h
}
