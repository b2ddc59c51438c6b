package history

import (
	"context"
	"fmt"
	"sync"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
)

// A recorder turns the events of one worker process into requests.
type recorder struct {
	worker  string
	watches bool // its holders watch alone: see doc.go

	mu       sync.Mutex
	requests []*Request       // by their number
	open     map[int]*Request // those that have not ended
	granted  int64            // the latest time of a grant
	changed  chan struct{}    // closed when a request is granted or ends
}

func newRecorder(worker string, watches bool) *recorder {
	return &recorder{worker: worker, watches: watches, open: make(map[int]*Request), changed: make(chan struct{})}
}

// add adds a line of the worker.
func (r *recorder) add(line string) error {
	e, err := event.Parse(line)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Verb == event.Called {
		r.grow(e.Request + 1) // lines of two threads may come in either order
		if e.Request < 0 || r.requests[e.Request] != nil {
			return fmt.Errorf("event %q: the number is not new", line)
		}
		q := &Request{
			Worker: r.worker, Watched: r.watches, Number: e.Request, Locks: e.Locks,
			Called: e.Time, Ended: never,
		}
		r.requests[e.Request], r.open[e.Request] = q, q
		return nil
	}
	if e.Request < 0 || e.Request >= len(r.requests) || r.requests[e.Request] == nil {
		return fmt.Errorf("event %q: the request was not called", line)
	}
	return r.update(r.requests[e.Request], e)
}

func (r *recorder) grow(n int) {
	for len(r.requests) < n {
		r.requests = append(r.requests, nil)
	}
}

// update adds an event to a request.
func (r *recorder) update(q *Request, e event.Event) error {
	waits := e.Verb == event.Granted || e.Verb == event.Failed
	if q.Ended != never || waits != (q.Granted == 0) {
		return fmt.Errorf("event %q: it cannot follow %s", e, q)
	}
	switch e.Verb {
	case event.Granted:
		q.Granted, q.Token = e.Time, e.Token
		r.granted = max(r.granted, e.Time)
	case event.Held:
		q.Held = e.Time
		return nil
	case event.LostAt:
		q.LostAt = e.Time
		return nil
	default:
		q.Ended, q.How, q.Reason = e.Time, e.Verb, e.Reason
		delete(r.open, q.Number)
	}
	close(r.changed)
	r.changed = make(chan struct{})
	return nil
}

// end ends all requests of a worker that has died by then.
func (r *recorder) end(at int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.requests {
		if q != nil && q.Ended == never {
			q.Ended, q.How = at, died
		}
	}
}

// all returns the requests.
func (r *recorder) all() []*Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*Request
	for _, q := range r.requests {
		if q != nil {
			all = append(all, q)
		}
	}
	return all
}

// waitGrant waits until the worker has reported a grant that it got after since.
func (r *recorder) waitGrant(ctx context.Context, since int64) error {
	return r.wait(ctx, func() bool { return r.granted > since })
}

// latestHold returns when the worker got the latest lock that it holds for long, or 0.
func (r *recorder) latestHold() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	var latest int64
	for _, q := range r.open {
		if isLong(q.Locks) {
			latest = max(latest, q.Granted)
		}
	}
	return latest
}

// waitEnded waits until all requests have ended that were called before since.
func (r *recorder) waitEnded(ctx context.Context, since int64) error {
	return r.wait(ctx, func() bool { return r.oldest(since) == nil })
}

// oldest returns the first request that was called before since and has not ended, or nil.
func (r *recorder) oldest(since int64) *Request {
	var oldest *Request
	for _, q := range r.open {
		if q.Called < since && (oldest == nil || q.Called < oldest.Called) {
			oldest = q
		}
	}
	return oldest
}

// stuck describes the first request that was called before since and has not ended.
func (r *recorder) stuck(since int64) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q := r.oldest(since); q != nil {
		return q.String()
	}
	return "none"
}

// wait waits until the condition holds. It looks when a request is granted or ends.
func (r *recorder) wait(ctx context.Context, condition func() bool) error {
	for {
		r.mu.Lock()
		holds, changed := condition(), r.changed
		r.mu.Unlock()
		if holds {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
