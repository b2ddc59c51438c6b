package simclient

import (
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Link is the number of a network connection of a client, from 1 in the order of the dials. 0: none.
type Link int32

// An Output is what the caller of a step must do after it, in the order of the fields.
type Output struct {
	// Stopped has the requests that no longer count as held, the innermost first. The contexts of their holders
	// end.
	Stopped []Request
	// Woken has the requests that were granted or have ended. Their callers, which may be waiting, run next: see
	// [Client.Settle].
	Woken []Request
	// Confirmed has the async requests whose releases the broker has handled, as the client now knows. LateLost has
	// those that were lost before that. Their callers have gone on. The end of the client counts as a confirmation.
	Confirmed, LateLost []Request
	// Send has the messages for the current link, or for the one on which the client tries to take up its session.
	// The caller of the step owns them.
	Send []wire.Request
	// Session says what has become of a session that had survived its connection, if that was decided.
	Session SessionFate
	// Links says what becomes of network connections.
	Links []LinkAct
	// Dial is a new link, if the client begins to connect. 0: it does not.
	Dial Link
}

// A LinkAct says what the client does with a network connection.
type LinkAct struct {
	Link Link
	Act  Act
}

// An Act is what a client does with a network connection.
type Act uint8

const (
	// Close closes the network connection at once.
	Close Act = iota + 1
	// FallSilent sends nothing more, and leaves the network connection open. Close follows later.
	FallSilent
	// Goodbye sends a close frame that says that the client holds nothing. Close follows when the broker has
	// answered, or after a while.
	Goodbye
	// AnswerClose answers the broker's close frame, and then closes the network connection.
	AnswerClose
	// Pong answers the broker's WebSocket ping.
	Pong
)

// A SessionFate says what has become of a session that had survived its connection.
type SessionFate uint8

const (
	// TakenUp sessions go on with the new connection.
	TakenUp SessionFate = iota + 1
	// NotTakenUp sessions are lost.
	NotTakenUp
)

// reset empties o for the next step.
func (o *Output) reset() {
	clear(o.Send)
	o.Stopped, o.Woken, o.Send, o.Links, o.Dial = o.Stopped[:0], o.Woken[:0], o.Send[:0], o.Links[:0], 0
	o.Confirmed, o.LateLost, o.Session = o.Confirmed[:0], o.LateLost[:0], 0
}

func (o *Output) act(l Link, act Act) { o.Links = append(o.Links, LinkAct{l, act}) }

// String returns the act in words.
func (a Act) String() string {
	texts := [...]string{"nothing", "close", "fall silent", "say goodbye", "answer the close", "pong"}
	if int(a) >= len(texts) {
		a = 0
	}
	return texts[a]
}
