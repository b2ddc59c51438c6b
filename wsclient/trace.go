package wsclient

import "time"

// A Trace has functions that the client calls to report what happens, in the style of
// [net/http/httptrace.ClientTrace]. Any of them may be nil. They are for logs, and for metrics of connections. For
// spans and for metrics of requests, use an [Observer], which has the context of each call and exactly one end for
// each. For decisions, use the errors of calls and the contexts of locks.
//
// One goroutine of the client calls the functions, one after another, in the order of the events. So they need no
// mutex. A call comes soon after its event, and perhaps after the call of the client has returned. The client holds
// no mutex during a call. A function may block: then the next reports wait, and take memory, but nothing else waits. A
// function may call methods of the client, except Close and Drain, which wait until all reports have been delivered.
//
// For each call that acquires a lock, Requested comes first. Queued follows each time the request is sent. Then comes
// Failed, or Granted and later Released or Lost. If enclosing calls already hold the lock, there is no Queued. The
// RequestInfo describes the request at that moment. Its Mode and its Limit describe the first lock, and it has
// no Client, no Remote and no Identity.
type Trace struct {
	// Requested is called when a call asks for a lock. The request has no id yet.
	Requested func(r RequestInfo)
	// Queued is called when the request is sent to the broker, with the id under which listings show it. It is
	// called again, with another id, when the request is resubmitted on the next connection.
	Queued func(r RequestInfo)
	// Granted is called when the call has the lock. waited counts from Requested.
	Granted func(r RequestInfo, waited time.Duration)
	// Failed is called when the call ends without the lock. err is the error of the call.
	Failed func(r RequestInfo, waited time.Duration, err error)
	// Released is called when the program releases the lock, before the broker has confirmed it. If an enclosing
	// call holds the lock, Released is also called when that call releases it sooner. held counts from Granted.
	Released func(r RequestInfo, held time.Duration)
	// Lost is called when the lock is lost. err is a *[LostError]. Lost may also come after Released, if the lock
	// is lost before the broker has confirmed the release. With MinHold in [AcquireOptions] that may be much later.
	Lost func(r RequestInfo, held time.Duration, err error)
	// Connected is called when there is a connection. session is the result of [Client.Session].
	Connected func(session string)
	// Resumed is called when the client has tried to take up its session on another connection: see Resume in
	// [Options]. If err is nil, it goes on with the session. Otherwise err says why it does not, and the locks are
	// lost.
	Resumed func(err error)
	// DialFailed is called when an attempt to connect has failed. attempt counts from 1, and begins again with each
	// connection. The next attempt follows after the pause next. If next is negative, there is none.
	DialFailed func(attempt int, err error, next time.Duration)
	// RenewalFailed is called when the client could not renew its credential: Token in [Options] has failed, or
	// the broker has refused the new token. The connection goes on with the old credential, until that expires.
	// The client tries again after the pause next.
	RenewalFailed func(err error, next time.Duration)
	// State is called when the state of the client has changed. With Connecting it is also called after each failed
	// attempt to connect. why is the error that led to the state, or nil. With NotGranting it says why the broker
	// grants nothing.
	State func(state State, why error)
}
