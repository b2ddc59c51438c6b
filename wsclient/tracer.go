package wsclient

import (
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// A tracer calls the functions of a Trace. Events are reported to it under the client's mu, so that their order is
// right, and one goroutine calls the functions without mu. A nil tracer reports nothing, and costs nothing.
type tracer struct {
	trace Trace

	mu     sync.Mutex
	events []func()
	ended  bool          // close was called
	more   chan struct{} // has a token when there is something new
	idle   chan struct{} // closed when all events have been reported
}

// newTracer returns nil if there is no trace.
func newTracer(trace *Trace) *tracer {
	if trace == nil {
		return nil
	}
	t := &tracer{trace: *trace, more: make(chan struct{}, 1), idle: make(chan struct{})}
	go t.run()
	return t
}

// run calls the functions, until close was called and all events have been reported.
func (t *tracer) run() {
	defer close(t.idle)
	for {
		t.mu.Lock()
		events, ended := t.events, t.ended
		t.events = nil
		t.mu.Unlock()
		for _, report := range events {
			report()
		}
		if len(events) == 0 {
			if ended {
				return
			}
			<-t.more
		}
	}
}

// add adds an event, unless close was called.
func (t *tracer) add(report func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.events = append(t.events, report)
		t.signal()
	}
}

func (t *tracer) signal() {
	select {
	case t.more <- struct{}{}:
	default:
	}
}

// close waits until all events have been reported. Later ones are not.
func (t *tracer) close() {
	if t == nil {
		return
	}
	t.mu.Lock()
	t.ended = true
	t.mu.Unlock()
	t.signal()
	<-t.idle
}

func (t *tracer) connected(session string) {
	if t != nil && t.trace.Connected != nil {
		t.add(func() { t.trace.Connected(session) })
	}
}

func (t *tracer) dialFailed(attempt int, err error, next time.Duration) {
	if t != nil && t.trace.DialFailed != nil {
		t.add(func() { t.trace.DialFailed(attempt, err, next) })
	}
}

func (t *tracer) renewalFailed(err error, next time.Duration) {
	if t != nil && t.trace.RenewalFailed != nil {
		t.add(func() { t.trace.RenewalFailed(err, next) })
	}
}

func (t *tracer) state(s State, why error) {
	if t != nil && t.trace.State != nil {
		t.add(func() { t.trace.State(s, why) })
	}
}

// A tracedRequest is what the tracer knows about a request.
type tracedRequest struct {
	tracer *tracer
	what   RequestInfo // what was asked for
	asked  time.Time
	since  time.Time // of the grant; zero: not granted
}

// follow begins to report about l, if there is a tracer.
func (t *tracer) follow(l *Lock) {
	if t == nil {
		return
	}
	m := &l.request.What
	r := &tracedRequest{tracer: t, asked: time.Now(), what: RequestInfo{
		Author: m.Author, Mode: m.Locks[0].Mode, Limit: m.Locks[0].Limit, Parent: m.Parent,
	}}
	for _, spec := range m.Locks {
		r.what.Locks = append(r.what.Locks, spec.Name)
	}
	l.traced = r
	if report := t.trace.Requested; report != nil {
		t.add(func() { report(r.what) })
	}
}

// info describes the request now. It has been waiting or holding for that long.
func (r *tracedRequest) info(request *core.Request, duration time.Duration) RequestInfo {
	info := r.what
	info.ID, info.DurationMS = request.ID(), duration.Milliseconds()
	if !r.since.IsZero() {
		info.Token = request.Token()
	}
	return info
}

// queued reports that the request was sent. The caller holds the client's mu.
func (r *tracedRequest) queued(id wire.ID) {
	if report := r.tracer.trace.Queued; report != nil {
		info := r.what
		info.ID, info.DurationMS = id, time.Since(r.asked).Milliseconds()
		r.tracer.add(func() { report(info) })
	}
}

// granted reports that the caller has the lock. The caller holds the client's mu.
func (r *tracedRequest) granted(request *core.Request) {
	if r == nil {
		return
	}
	r.since = time.Now()
	if report := r.tracer.trace.Granted; report != nil {
		info, waited := r.info(request, 0), r.since.Sub(r.asked)
		r.tracer.add(func() { report(info, waited) })
	}
}

// failed reports that the call ends without the lock.
func (r *tracedRequest) failed(request *core.Request, err error) {
	if r == nil || r.tracer.trace.Failed == nil {
		return
	}
	waited := time.Since(r.asked)
	info := r.info(request, waited)
	r.tracer.add(func() { r.tracer.trace.Failed(info, waited, err) })
}

// released and lost report that the lock is no longer held, if the caller has had it. The caller holds the client's mu.
func (r *tracedRequest) released(request *core.Request) {
	if r == nil || r.since.IsZero() || r.tracer.trace.Released == nil {
		return
	}
	held := time.Since(r.since)
	info := r.info(request, held)
	r.tracer.add(func() { r.tracer.trace.Released(info, held) })
}

func (r *tracedRequest) lost(request *core.Request, err error) {
	if r == nil || r.since.IsZero() || r.tracer.trace.Lost == nil {
		return
	}
	held := time.Since(r.since)
	info := r.info(request, held)
	r.tracer.add(func() { r.tracer.trace.Lost(info, held, err) })
}
