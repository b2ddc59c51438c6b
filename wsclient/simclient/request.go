package simclient

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// A Request is the number of a request of a client, from 1 in the order of the calls. 0: none.
type Request int32

// Options are the options of a request. They have the meaning of wsclient.AcquireOptions.
type Options struct {
	Locks               []wire.LockSpec // with different names; the caller must not change them later
	Wait, Hold, MinHold time.Duration   // 0: none
	Async               bool            // AsyncRelease
	Once                bool            // the request does not wait, as with TryAcquire; Steal implies it
	Steal               bool
	Outer               Request // the innermost request of this client that encloses the call; 0: none
	Parent              wire.ID // a request of another program; zero: none
	Author              string  // who makes the request, for people
}

// A State says what has become of a request, as its caller sees it.
type State uint8

const (
	// Waiting requests wait for their locks, or for a connection.
	Waiting State = iota + 1
	// Granted requests hold, but their callers do not know it yet.
	Granted
	// Holding requests hold, and their callers know it.
	Holding
	// Releasing requests were released, and the broker has not confirmed it yet.
	Releasing
	// Ended requests have ended: see Status.End.
	Ended
)

// A Status describes a request.
type Status struct {
	State   State
	ID      wire.ID // on the latest connection; zero: it was not submitted yet. See Covered
	Token   int64   // 0: it was not granted
	Covered bool    // enclosing requests hold all its locks, so it is not sent; ID and Token are theirs
	Stopped bool    // its caller had the locks, and they no longer count as held
	End     End     // if State is Ended
}

// An End says how a request has ended.
type End struct {
	How    How
	Code   wire.Code // if How is Refused
	Reason string    // if How is Lost: why
}

// How says how a request has ended.
type How = core.How

// How requests end: see the constants of the same names in wsclient/internal/core.
const (
	Released     = core.Released
	Cancelled    = core.Cancelled
	Refused      = core.Refused
	Invalid      = core.Invalid
	TimedOut     = core.TimedOut
	Lost         = core.Lost
	OuterLost    = core.OuterLost
	Disconnected = core.Disconnected
	Closed       = core.Closed
)

// A record is a request, and what its caller has done with it.
type record struct {
	core     core.Request
	number   Request
	hasLocks bool // its caller has had the locks
	released bool
	early    bool      // it was released, and its caller need not wait for the broker
	failed   *core.End // why its caller did not get the locks
}

func newRecord(number Request, o *Options) *record {
	r := &record{number: number}
	r.core = core.Request{
		Owner: r, Wait: o.Wait, Hold: o.Hold, MinHold: o.MinHold, Async: o.Async, Once: o.Once || o.Steal,
		What: wire.Acquire{Locks: o.Locks, Author: o.Author, Steal: o.Steal, Parent: o.Parent},
	}
	return r
}

// status describes r.
func (r *record) status() Status {
	s := Status{
		State: Waiting, ID: r.core.ID(), Token: r.core.Token(), Covered: r.core.IsCovered(),
		Stopped: r.hasLocks && r.core.Cause() != nil,
	}
	switch end := r.end(); {
	case end != nil:
		s.State, s.End = Ended, endOf(end)
	case r.released:
		s.State = Releasing
	case r.hasLocks:
		s.State = Holding
	case r.core.IsHolding():
		s.State = Granted
	}
	return s
}

// end returns how r has ended for its caller, or nil.
func (r *record) end() *core.End {
	switch {
	case r.failed != nil:
		return r.failed
	case r.released && r.core.IsCovered(), r.early:
		return r.core.Cause()
	}
	return r.core.End()
}

func endOf(e *core.End) End {
	end := End{How: e.How}
	if e.Refusal != nil {
		end.Code = e.Refusal.Code
	}
	if e.How == Lost {
		end.Reason = string(e.Reason)
	}
	return end
}

// String returns the state in words.
func (s State) String() string {
	texts := [...]string{"none", "waiting", "granted", "holding", "releasing", "ended"}
	if int(s) >= len(texts) {
		s = 0
	}
	return texts[s]
}
