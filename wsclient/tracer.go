package wsclient

import (
	"fmt"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// A tracer calls the functions of a Trace, the methods of an Observer, and OnLateLoss. Events are reported to it under
// the client's mu, so that their order is right, and one goroutine makes the calls without mu. A nil tracer reports
// nothing, and costs nothing.
type tracer struct {
	trace      Trace
	observer   Observer // or nil
	onLateLoss func(error)

	follows bool // it follows requests

	mu     sync.Mutex
	events []func()
	calls  int           // calls of the client that acquire a lock and have not returned: they will add events
	ended  bool          // close was called
	more   chan struct{} // has a token when there is something new
	idle   chan struct{} // closed when all events have been reported
}

// newTracer returns nil if there is nothing to call.
func newTracer(o *Options) *tracer {
	if o.Trace == nil && o.Observe == nil && o.OnLateLoss == nil {
		return nil
	}
	t := &tracer{
		observer: o.Observe, onLateLoss: o.OnLateLoss,
		follows: o.Trace != nil || o.Observe != nil,
		more:    make(chan struct{}, 1), idle: make(chan struct{}),
	}
	if o.Trace != nil {
		t.trace = *o.Trace
	}
	go t.run()
	return t
}

// run calls the functions, until close was called and all events have been reported.
func (t *tracer) run() {
	defer close(t.idle)
	for {
		t.mu.Lock()
		events, ended := t.events, t.ended && t.calls == 0
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

// add adds an event, unless close was called and no call can add any more.
func (t *tracer) add(report func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended || t.calls > 0 {
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

// close waits until the calls that are followed have returned, and all events have been reported. Later ones are not.
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

// resumed reports the answer of a broker that was asked to take up the session. nil: there is none.
func (t *tracer) resumed(answer wire.Reply) {
	if t == nil || t.trace.Resumed == nil {
		return
	}
	switch answer := answer.(type) {
	case *wire.Resumed:
		t.add(func() { t.trace.Resumed(nil) })
	case *wire.NotResumed:
		err := fmt.Errorf("the session was not taken up: %s", printable.LogText(answer.Message))
		t.add(func() { t.trace.Resumed(err) })
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

func (t *tracer) lateLoss(err error) {
	if t != nil && t.onLateLoss != nil {
		t.add(func() { t.onLateLoss(err) })
	}
}

func (t *tracer) state(s State, why error) {
	if t != nil && t.trace.State != nil {
		t.add(func() { t.trace.State(s, why) })
	}
}
