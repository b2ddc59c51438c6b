package wsclient

import (
	"context"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// A tracedRequest is what the tracer knows about a request. The methods of a nil tracedRequest do nothing.
type tracedRequest struct {
	tracer *tracer
	ctx    context.Context // that the observer has returned
	what   RequestInfo     // what was asked for
	asked  time.Time
	since  time.Time // of the grant; zero: not granted
}

// follow begins to follow a call that acquires l. It returns nil if nothing follows requests, or if the
// tracer has ended. The call must call returned.
func (t *tracer) follow(l *Lock) *tracedRequest {
	if t == nil || !t.follows || !t.called() {
		return nil
	}
	m := &l.request.What
	r := &tracedRequest{tracer: t, asked: time.Now(), what: RequestInfo{
		Author: m.Author, Mode: m.Locks[0].Mode, Limit: m.Locks[0].Limit, Parent: m.Parent,
	}}
	for _, spec := range m.Locks {
		r.what.Locks = append(r.what.Locks, spec.Name)
	}
	return r
}

// called counts a call, unless close was called.
func (t *tracer) called() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.calls++
	}
	return !t.ended
}

// returned says that the call has returned, or has panicked.
func (r *tracedRequest) returned() {
	if r == nil {
		return
	}
	t := r.tracer
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls--
	t.signal()
}

// requested reports the call, and returns the context for the rest of it.
func (r *tracedRequest) requested(ctx context.Context) context.Context {
	if r == nil {
		return ctx
	}
	t := r.tracer
	if t.observer != nil {
		ctx = t.observer.Requested(ctx, r.what)
	}
	if report := t.trace.Requested; report != nil {
		t.add(func() { report(r.what) })
	}
	r.ctx = ctx
	return ctx
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
	if r == nil || r.tracer.trace.Queued == nil {
		return
	}
	info := r.what
	info.ID, info.DurationMS = id, time.Since(r.asked).Milliseconds()
	r.tracer.add(func() { r.tracer.trace.Queued(info) })
}

// granted reports that the caller has the lock. The caller holds the client's mu.
func (r *tracedRequest) granted(request *core.Request) {
	if r == nil {
		return
	}
	r.since = time.Now()
	info, waited := r.info(request, 0), r.since.Sub(r.asked)
	t := r.tracer
	t.add(func() {
		if t.trace.Granted != nil {
			t.trace.Granted(info, waited)
		}
		if t.observer != nil {
			t.observer.Granted(r.ctx, info, waited)
		}
	})
}

// failed reports that the call ends without the lock.
func (r *tracedRequest) failed(request *core.Request, err error) {
	if r == nil {
		return
	}
	waited := time.Since(r.asked)
	info := r.info(request, waited)
	code := failureCode(r.ctx, err) // now: ctx may end before the report
	t := r.tracer
	t.add(func() {
		if t.trace.Failed != nil {
			t.trace.Failed(info, waited, err)
		}
		if t.observer != nil {
			t.observer.Ended(r.ctx, info, Ending{Code: code, Err: err, Waited: waited})
		}
	})
}

// released reports that the lock was released, if the caller has had it. The caller holds the client's mu.
func (r *tracedRequest) released(request *core.Request) {
	if r == nil || r.since.IsZero() {
		return
	}
	e := r.ending(request)
	e.Code = codeReleased
	info := r.info(request, e.Held)
	t := r.tracer
	t.add(func() {
		if t.trace.Released != nil {
			t.trace.Released(info, e.Held)
		}
		if t.observer != nil {
			t.observer.Ended(r.ctx, info, e)
		}
	})
}

// lost reports that the lock was lost, if the caller has had it. The caller holds the client's mu.
func (r *tracedRequest) lost(request *core.Request, err *LostError, late time.Duration) {
	if r == nil || r.since.IsZero() {
		return
	}
	e := r.ending(request)
	e.Code, e.Err, e.Late = lossCode(err.Reason), err, late
	info := r.info(request, e.Held)
	t := r.tracer
	t.add(func() {
		if t.trace.Lost != nil {
			t.trace.Lost(info, e.Held, err)
		}
		if t.observer != nil {
			t.observer.Ended(r.ctx, info, e)
		}
	})
}

// lostLater reports that the lock was lost after its release. To the observer, the request has ended.
func (r *tracedRequest) lostLater(request *core.Request, err error) {
	if r == nil || r.since.IsZero() || r.tracer.trace.Lost == nil {
		return
	}
	held := time.Since(r.since)
	info := r.info(request, held)
	r.tracer.add(func() { r.tracer.trace.Lost(info, held, err) })
}

// ending returns how a request that was granted has ended, without the reason.
func (r *tracedRequest) ending(request *core.Request) Ending {
	return Ending{
		Granted: true, Nested: request.IsCovered(),
		Waited: r.since.Sub(r.asked), Held: time.Since(r.since),
	}
}
