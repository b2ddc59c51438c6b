package history

import (
	"encoding/json"
	"fmt"
	"slices"
	"syscall"

	"github.com/lockbroker/lockbroker/broker/evidence/faultproxy"
	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
)

// A worker is a place for a worker process: its settings, its proxy, and the process that runs now.
type worker struct {
	Worker
	index    int
	proxy    *faultproxy.Proxy
	runs     int // how many processes have been started
	process  *process
	recorder *recorder
}

// addWorker starts a proxy and a process for a worker.
func (r *recording) addWorker(settings Worker) error {
	proxy, err := faultproxy.Listen(r.address)
	if err != nil {
		return err
	}
	w := &worker{Worker: settings, index: len(r.workers), proxy: proxy}
	r.workers = append(r.workers, w)
	return r.startWorker(w)
}

// startWorker starts a process for the worker.
func (r *recording) startWorker(w *worker) error {
	w.runs++
	name := fmt.Sprintf("%s-%d", w.Name, w.runs)
	watches := r.plan.watches(w.index, w.runs)
	task, err := json.Marshal(map[string]any{
		"url": "ws://" + w.proxy.Addr(), "seed": r.plan.Seed*1000 + uint64(w.runs), "threads": w.Threads,
		"choices": choices, "long_choices": longChoices, "long_ms": (3 * r.plan.Timeout).Milliseconds(),
		"given_up": givenUp, "watch": watches,
	})
	if err != nil {
		return err
	}
	args := []string{r.programs.GoWorker}
	if w.Node {
		args = append(slices.Clone(r.programs.Node), r.programs.Script)
	}
	recorder := newRecorder(name, watches)
	onOut := func(line string) {
		if err := recorder.add(line); err != nil {
			r.fail(fmt.Errorf("%s: %w", name, err))
		}
	}
	after := func(p *process) {
		recorder.end(event.Now())
		r.onEnd(p)
	}
	p, err := start(name, append(args, string(task)), r.env, onOut, func(string) {}, after)
	if err != nil {
		return err
	}
	r.add(p)
	w.process, w.recorder = p, recorder
	r.recorders = append(r.recorders, recorder)
	return nil
}

// stopWorker lets the process of a worker end: it releases what it holds.
func (r *recording) stopWorker(w *worker) error {
	w.process.expectEnd()
	w.process.signal(syscall.SIGCONT)
	_ = w.process.stdin.Close() // an error means that it has ended
	if err := r.await(w.process); err != nil {
		return err
	}
	if w.process.err != nil {
		return fmt.Errorf("%s: %w\n%s", w.process.name, w.process.err, w.process.logged())
	}
	return nil
}
