package wire

// Hello is the first message of a connection.
type Hello struct {
	fromBroker

	Protocol    int    `json:"protocol"`
	Session     string `json:"session"`
	HeartbeatMS int64  `json:"heartbeat_ms"`
	TimeoutMS   int64  `json:"timeout_ms"`
	Limits      Limits `json:"limits"`
	// GraceMS is how long the broker still grants nothing, after a start that
	// followed an unclean stop.
	GraceMS     int64 `json:"grace_ms,omitzero"`
	NotGranting Pause `json:"not_granting,omitzero"`
}

// Granted says that a request now holds its locks.
type Granted struct {
	fromBroker

	ID    ID    `json:"id"`
	Token int64 `json:"token"`
}

// Released answers a [Release].
type Released struct {
	fromBroker

	ID ID `json:"id"`
}

// Cancelled answers a [Cancel]; nothing more comes for the id.
type Cancelled struct {
	fromBroker

	ID ID `json:"id"`
}

// A LostReason says why a holder lost its locks.
type LostReason string

// The reasons of a [Lost].
const (
	LostExpired LostReason = "expired" // hold_ms has passed
	LostStolen  LostReason = "stolen"
	LostEvicted LostReason = "evicted"
)

// Lost says that a request no longer holds its locks.
type Lost struct {
	fromBroker

	ID      ID         `json:"id"`
	Reason  LostReason `json:"reason"`
	By      string     `json:"by,omitzero"`
	Message string     `json:"message,omitzero"`
}

// InfoPage answers an [Info].
type InfoPage struct {
	fromBroker

	ID    ID         `json:"id"`
	Locks []LockInfo `json:"locks"`
	// Next, when more may follow, is the After of the next page.
	Next        int64 `json:"next,omitzero"`
	NotGranting Pause `json:"not_granting,omitzero"`
}

// Chain answers a [Why].
type Chain struct {
	fromBroker

	ID          ID     `json:"id"`
	Chain       []Step `json:"chain"`
	NotGranting Pause  `json:"not_granting,omitzero"`
}

// Watching answers a [Watch].
type Watching struct {
	fromBroker

	ID ID `json:"id"`
}

// An Event says what a [Change] tells.
type Event string

// The events. The first two are steps in the life of a request, the others its end.
const (
	EventQueued       Event = "queued"        // it waits
	EventGranted      Event = "granted"       // it holds
	EventReleased     Event = "released"      // by its holder
	EventCancelled    Event = "cancelled"     // by its requestor, waiting or holding
	EventTimeout      Event = "timeout"       // it has waited long enough
	EventLost         Event = "lost"          // it was held; Reason says how
	EventEvicted      Event = "evicted"       // it waited, and an operator withdrew it
	EventShuttingDown Event = "shutting_down" // it waited, and the broker stops
	EventGone         Event = "gone"          // its session has ended
)

// Change tells a watcher what happened to a request on a lock.
type Change struct {
	fromBroker

	ID      ID          `json:"id"`
	Event   Event       `json:"event"`
	Reason  LostReason  `json:"reason,omitzero"`
	By      string      `json:"by,omitzero"`
	Message string      `json:"message,omitzero"`
	Lock    string      `json:"lock"`
	Request RequestInfo `json:"request"`
}

// Lagged tells a watcher that changes were left out.
type Lagged struct {
	fromBroker

	ID ID `json:"id"`
}

// Unwatched answers an [Unwatch].
type Unwatched struct {
	fromBroker

	ID ID `json:"id"`
}

// Evicted answers an [Evict].
type Evicted struct {
	fromBroker

	ID ID `json:"id"`
}

// Pong answers a [Ping].
type Pong struct {
	fromBroker

	ID          ID    `json:"id"`
	NotGranting Pause `json:"not_granting,omitzero"`
}

// Draining says that the broker stops: it grants nothing more.
type Draining struct {
	fromBroker

	GraceMS int64 `json:"grace_ms"`
}

// Error refuses a message, or ends a waiting request. It is an error in Go too.
type Error struct {
	fromBroker

	// ID is the request that it is about; absent where none could be read.
	ID      ID     `json:"id,omitzero"`
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// By is who did it; with [WasEvicted].
	By string `json:"by,omitzero"`
	// Holders are who has the locks, at most MaxHoldersTold of them, and Ahead
	// how many requests wait earlier, at most MaxAheadTold; with [Timeout] and
	// [Unavailable].
	Holders []RequestInfo `json:"holders,omitzero"`
	Ahead   Opt[int]      `json:"ahead,omitzero"`
	// Cycle is who waits for whom; with [Deadlock].
	Cycle []Step `json:"cycle,omitzero"`
}

// Error returns the code and the message.
func (m *Error) Error() string { return string(m.Code) + ": " + m.Message }
