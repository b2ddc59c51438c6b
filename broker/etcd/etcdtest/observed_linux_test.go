package etcdtest

import (
	"fmt"
	"math"
	"sync"

	"github.com/lockbroker/lockbroker/broker/evidence/history"
	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// never is later than any time of a history.
const never = math.MaxInt64

func now() int64 { return event.Now() }

// Observed is what the clients have observed of their requests since the last check. Package history describes what is
// written down.
type observed struct {
	mu      sync.Mutex
	counted int
	open    map[*history.Request]bool
	ended   []*history.Request
}

func newObserved() *observed { return &observed{open: make(map[*history.Request]bool)} }

// call begins a request.
func (o *observed) call(lock string) *history.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	q := &history.Request{
		Worker: "client", Number: o.counted, Locks: []event.Lock{{Name: lock}}, Called: now(), Ended: never,
	}
	o.counted++
	o.open[q] = true
	return q
}

func (o *observed) granted(q *history.Request, token int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	q.Granted, q.Token = now(), token
}

// held notes that the client said that it held the lock. at is from before it said so.
func (o *observed) held(q *history.Request, at int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	q.Held = at
}

// end ends a request. err says why its lock is lost, or was never granted.
func (o *observed) end(q *history.Request, how event.Verb, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	q.Ended, q.How = now(), how
	if err != nil {
		q.Reason = fmt.Sprint(err)
	}
	delete(o.open, q)
	o.ended = append(o.ended, q)
}

// check checks the requests that have not ended before the last check. A part of a history that is right is right, too,
// because each request is in it with its grant and its end. Requests that hold at the same time are in the same part.
func (o *observed) check() []*promise.Violation {
	o.mu.Lock()
	requests := o.ended
	o.ended = nil
	for q := range o.open {
		soFar := *q
		requests = append(requests, &soFar)
	}
	o.mu.Unlock()
	return history.Check(requests)
}
