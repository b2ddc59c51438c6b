package core

import "github.com/lockbroker/lockbroker/broker/wire"

// An Output is what the caller must do after a step, in the order of its fields. Its slices are reused: see
// [Output.Reset].
type Output struct {
	// Stop has the requests whose locks are no longer held, the innermost first. Their contexts must end.
	Stop []*Request
	// Wake has the requests that were granted or have ended. Their callers, which may be waiting, must look at
	// them again.
	Wake []*Request
	// Send has the messages for the broker.
	Send []Message
	// Resume has the messages for the connection on which the session is being taken up.
	Resume []*wire.Resume
	// Answer says what has become of a session that had survived its connection: a *wire.Resumed or a
	// *wire.NotResumed. It is nil if nothing was decided in this step.
	Answer wire.Reply
	// Disconnect is the end of the connection, if End is not nil.
	Disconnect Disconnect
	// Close has the owners of the silent connections whose network connections must now be closed.
	Close []any
	// Changed says that State, Pause, Closed or IsDrained may have changed, or that the Deadline may be earlier.
	Changed bool
}

// A Disconnect says that a connection has ended, and what becomes of the network connection below it.
type Disconnect struct {
	Owner any
	End   *End
	Then  Then
}

// Then says what becomes of a network connection whose connection has ended.
type Then uint8

const (
	// ByCaller leaves the network connection to the caller of the step, which knows why the connection has ended.
	ByCaller Then = iota
	// CloseNow closes it. No holder needs time to stop.
	CloseNow
	// FallSilent keeps it open in silence: send nothing, and close nothing until [Output.Close] says so. The broker
	// must not notice that the connection has ended while holders stop.
	FallSilent
)

// A Message is an acquire, a release or a cancel for the broker.
type Message struct {
	Kind    Kind
	ID      wire.ID
	Quiet   bool          // of a release
	Acquire *wire.Acquire // valid until the next step
	Request *Request      // the request that Acquire opens
}

// Kind is the kind of a [Message].
type Kind uint8

// The kinds.
const (
	Acquire Kind = iota + 1
	Release
	Cancel
)

// keepOutput is the greatest capacity of a slice that is kept when it is emptied.
const keepOutput = 1024

// Reset empties o for the next step.
func (o *Output) Reset() {
	o.Stop = reuse(o.Stop)
	o.Wake = reuse(o.Wake)
	o.Send = reuse(o.Send)
	o.Close = reuse(o.Close)
	o.Resume, o.Answer = nil, nil
	o.Disconnect = Disconnect{}
	o.Changed = false
}

// reuse returns s without its elements. It clears them, so that what they point to can be freed.
func reuse[S ~[]E, E any](s S) S {
	if len(s) == 0 {
		return s
	}
	if cap(s) > keepOutput {
		return nil
	}
	clear(s)
	return s[:0]
}
