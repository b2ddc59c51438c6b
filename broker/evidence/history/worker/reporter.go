package main

import (
	"os"
	"sync/atomic"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
)

// A reporter writes events to the standard output. One event is one write, so that lines do not mix, and so that an
// event that was written survives the death of the process.
type reporter struct{ requests atomic.Int64 }

func (*reporter) write(e event.Event) {
	// A write fails only if nobody reads. Then SIGPIPE ends the process.
	_, _ = os.Stdout.WriteString(e.String() + "\n")
}

// call reports a new request.
func (r *reporter) call(locks []event.Lock) record {
	q := record{reporter: r, request: int(r.requests.Add(1) - 1)}
	r.write(event.Event{Time: event.Now(), Verb: event.Called, Request: q.request, Locks: locks})
	return q
}

// A record reports the events of one request.
type record struct {
	*reporter
	request int
}

func (q record) granted(token int64) {
	q.write(event.Event{Time: event.Now(), Verb: event.Granted, Request: q.request, Token: token})
}

func (q record) held(at int64) {
	q.write(event.Event{Time: at, Verb: event.Held, Request: q.request})
}

// ended reports the end of a lock that was held: a release if err is nil, and otherwise a loss.
func (q record) ended(err error) {
	e := event.Event{Time: event.Now(), Verb: event.Released, Request: q.request}
	if err != nil {
		e.Verb, e.Reason = event.Lost, err.Error()
	}
	q.write(e)
}

func (q record) failed(err error) {
	q.write(event.Event{Time: event.Now(), Verb: event.Failed, Request: q.request, Reason: err.Error()})
}
