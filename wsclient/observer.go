package wsclient

import (
	"context"
	"time"
)

// An Observer follows each request from its call to its end, with the context of the call. It is for spans, and for
// metrics of requests. Set it with Observe in [Options]. For connections, and for a log in the order of the events,
// use [Trace]. A program may use both.
//
// The goroutine of the call calls Requested, before anything is sent. Many goroutines may do so at once. One goroutine of
// the client calls Granted and Ended, one after another, in the order of the events, and also the functions of a Trace.
// It does so soon after the event, and perhaps after the call of the client has returned. So the methods must be safe
// for concurrent use.
//
// For each Requested there is exactly one Ended. Granted comes between them if the call got the lock. So the number of
// calls that wait, and the number of locks that are held, can be counted up and down. Close and Drain wait until all
// reports have been delivered. A call after them is not reported, and neither is one whose options are wrong.
//
// The client holds no mutex during any of these calls. If Requested blocks, its call of the client waits. If Granted or
// Ended blocks, later reports wait, and take memory. The methods may call methods of the client, except Close and
// Drain. If Requested panics, the caller gets the panic, and no lock is requested. Granted and Ended must not panic: as
// in any goroutine, that ends the program.
//
// Lock names must not become labels of metrics, unless the program has only a few of them. Each name would add a time
// series, and most programs put an item into the name, as in orders/42.
type Observer interface {
	// Requested is called when a call asks for locks, with the context of the call. The request has no id yet.
	// Requested returns the context for the rest of the call, which must be ctx or derived from it. Granted and
	// Ended get this context, and the context of the lock is derived from it. So a span in it is the parent of the
	// spans of work under the lock.
	Requested(ctx context.Context, r RequestInfo) context.Context
	// Granted is called when the call has the lock. r has its id and its token. waited counts from Requested.
	Granted(ctx context.Context, r RequestInfo, waited time.Duration)
	// Ended is called when the call has failed, or when the lock was released or lost.
	Ended(ctx context.Context, r RequestInfo, e Ending)
}

// An Ending says how a request has ended.
type Ending struct {
	// Code is one of a few words, so it can be a label of a metric. If the lock was granted, it is released, or
	// lost_ and the [LostReason], as in lost_evicted. If not, it is the code of a refusal, such as timeout or
	// unavailable; canceled, if the context has ended; enclosing_lost, if an enclosing lock is no longer held;
	// connection, if there was none or it has ended; or closed, if the client has ended. New versions may add
	// words.
	Code string
	// Err is nil if the lock was released. Otherwise it is the error of the call, or a *[LostError].
	Err error
	// Granted reports whether the call had the lock.
	Granted bool
	// Nested reports whether enclosing calls already held the lock, so that the client sent no request. Metrics
	// should leave such a call out: the enclosing request already counts its time.
	Nested bool
	// Waited counts from Requested to the grant, or to the failure of the call.
	Waited time.Duration
	// Held counts from the grant to the release, or until the client noticed the loss.
	Held time.Duration
	// Late is how long the lock had been lost when the client noticed. Some milliseconds are usual, because timers
	// fire late. More means that the holder was stale, for example because the process was frozen.
	Late time.Duration
}
