package wire

// Hello is the first message of a connection.
type Hello struct {
	fromBroker

	// Protocol is [Version].
	Protocol int `json:"protocol"`
	// Session is the name of the session.
	Session string `json:"session"`
	// HeartbeatMS is how often each side sends something, in milliseconds.
	HeartbeatMS int64 `json:"heartbeat_ms"`
	// TimeoutMS is the session timeout, in milliseconds: the broker closes a session from
	// which nothing has arrived for that long.
	TimeoutMS int64  `json:"timeout_ms"`
	Limits    Limits `json:"limits"`
	// GraceMS is how long the broker will still grant nothing, in milliseconds, because the
	// run before it did not stop cleanly.
	GraceMS     int64 `json:"grace_ms,omitzero"`
	NotGranting Pause `json:"not_granting,omitzero"`
	// Identity is who the client is. It is empty if the broker asks for no credentials.
	Identity string `json:"identity,omitzero"`
	// ExpiresMS is after how long the credential expires, in milliseconds. Absent: never.
	ExpiresMS Opt[int64] `json:"expires_ms,omitzero"`
	// Secret is what a client needs to take up the session on another connection: see [Resume]. Empty: it cannot
	// be taken up.
	Secret string `json:"secret,omitzero"`
	// Term and Owner are set if the broker is one of several. Owner is the URL at which the broker that the
	// client talks to, perhaps through a standby, is the owner, and Term is the number of its term.
	Term  int64  `json:"term,omitzero"`
	Owner string `json:"owner,omitzero"`
}

// Granted says that a request now holds its locks.
type Granted struct {
	fromBroker

	ID ID `json:"id"`
	// Token is the fencing token.
	Token int64 `json:"token"`
}

// Released answers a [Release] that is not quiet.
type Released struct {
	fromBroker

	ID ID `json:"id"`
}

// Cancelled answers [Cancel]. It is the last message for the id.
type Cancelled struct {
	fromBroker

	ID ID `json:"id"`
}

// A LostReason says why a holder has lost its locks.
type LostReason string

// The reasons of a [Lost].
const (
	LostExpired LostReason = "expired" // its HoldMS has passed
	LostStolen  LostReason = "stolen"  // a request with Steal took a lock
	LostEvicted LostReason = "evicted" // an operator ended the request
)

// Lost says that a request no longer holds its locks.
type Lost struct {
	fromBroker

	ID     ID         `json:"id"`
	Reason LostReason `json:"reason"`
	// By says who stole the locks or evicted the request, and Message says why.
	By      string `json:"by,omitzero"`
	Message string `json:"message,omitzero"`
}

// InfoPage answers [Info].
type InfoPage struct {
	fromBroker

	ID    ID         `json:"id"`
	Locks []LockInfo `json:"locks"`
	// Next is the After of the next page. 0: this page is the last.
	Next        int64 `json:"next,omitzero"`
	NotGranting Pause `json:"not_granting,omitzero"`
	// Term and Owner are those of the [Hello].
	Term  int64  `json:"term,omitzero"`
	Owner string `json:"owner,omitzero"`
}

// Chain answers [Why]. It is empty if nobody is in the way.
type Chain struct {
	fromBroker

	ID          ID     `json:"id"`
	Chain       []Step `json:"chain"`
	NotGranting Pause  `json:"not_granting,omitzero"`
}

// ClientsPage answers [Clients].
type ClientsPage struct {
	fromBroker

	ID      ID           `json:"id"`
	Clients []ClientInfo `json:"clients"`
	// Next is the After of the next page. 0: this page is the last.
	Next int64 `json:"next,omitzero"`
}

// Watching answers [Watch].
type Watching struct {
	fromBroker

	ID ID `json:"id"`
}

// An Event is what a [Change] reports.
type Event string

// The events. With the first two, the request begins to wait or to hold. The others end it.
const (
	EventQueued       Event = "queued"        // it waits
	EventGranted      Event = "granted"       // it holds
	EventReleased     Event = "released"      // its client released it
	EventCancelled    Event = "cancelled"     // its client cancelled it, waiting or holding
	EventTimeout      Event = "timeout"       // its WaitMS has passed
	EventLost         Event = "lost"          // it held; Reason says how it ended
	EventEvicted      Event = "evicted"       // it waited, and an operator ended it
	EventForbidden    Event = "forbidden"     // it waited, and its client may no longer make it
	EventShuttingDown Event = "shutting_down" // it waited, and the broker stops
	EventGone         Event = "gone"          // its session has ended
)

// Change tells a watch what happened to a request on a lock.
type Change struct {
	fromBroker

	// ID is the id of the watch.
	ID    ID    `json:"id"`
	Event Event `json:"event"`
	// Reason comes with EventLost, and By and Message come with EventLost and EventEvicted.
	Reason  LostReason  `json:"reason,omitzero"`
	By      string      `json:"by,omitzero"`
	Message string      `json:"message,omitzero"`
	Lock    string      `json:"lock"`
	Request RequestInfo `json:"request"`
}

// Lagged tells a watch that the broker has left out changes.
type Lagged struct {
	fromBroker

	ID ID `json:"id"`
}

// Unwatched answers [Unwatch].
type Unwatched struct {
	fromBroker

	ID ID `json:"id"`
}

// Evicted answers [Evict].
type Evicted struct {
	fromBroker

	ID ID `json:"id"`
}

// Pong answers [Ping].
type Pong struct {
	fromBroker

	ID          ID    `json:"id"`
	NotGranting Pause `json:"not_granting,omitzero"`
}

// Draining says that the broker stops, and grants nothing from now on.
type Draining struct {
	fromBroker

	// GraceMS is how long holders have to release, in milliseconds.
	GraceMS int64 `json:"grace_ms"`
}

// Error refuses a message or ends a request that waits. A *Error is an error in Go too.
type Error struct {
	fromBroker

	// ID is the id of the message. It is absent if the broker could read none.
	ID   ID   `json:"id,omitzero"`
	Code Code `json:"code"`
	// Message is for people.
	Message string `json:"message"`
	// By says who evicted the request. It comes with [WasEvicted].
	By string `json:"by,omitzero"`
	// Holders are requests that hold the locks, at most MaxHoldersTold. Ahead is the number
	// of requests that wait ahead, at most MaxAheadTold. Both come with [Timeout] and
	// [Unavailable].
	Holders []RequestInfo `json:"holders,omitzero"`
	Ahead   Opt[int]      `json:"ahead,omitzero"`
	// Cycle is who waits for whom. It comes with [Deadlock].
	Cycle []Step `json:"cycle,omitzero"`
}

// Error returns the code and the message.
func (m *Error) Error() string { return string(m.Code) + ": " + m.Message }
