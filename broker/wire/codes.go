package wire

import "slices"

// A Code is the kind of an [Error]. Programs decide by it.
type Code string

// The codes of errors. [ErrorCodes] returns what each means.
const (
	BadRequest   Code = "bad_request"
	BadID        Code = "bad_id"
	NotHeld      Code = "not_held"
	NotFound     Code = "not_found"
	Unavailable  Code = "unavailable"
	NotGranting  Code = "not_granting"
	Timeout      Code = "timeout"
	Deadlock     Code = "deadlock"
	WasEvicted   Code = "evicted"
	Forbidden    Code = "forbidden"
	TooMany      Code = "too_many"
	ShuttingDown Code = "shutting_down"
)

// Retry says whether the same request may succeed if it is made again.
type Retry string

// The values of a Retry.
const (
	RetryNever     Retry = "never"     // only after the sender has changed something
	RetryLater     Retry = "later"     // on the same connection, after a while
	RetryReconnect Retry = "reconnect" // on a new connection, after a while
)

// A CodeInfo is a row of the table of error codes, of close codes or of HTTP statuses.
type CodeInfo[C Code | int] struct {
	Code    C
	Retry   Retry
	Meaning string
}

// ErrorCodes returns the table of error codes.
func ErrorCodes() []CodeInfo[Code] { return slices.Clone(errorCodes) }

var errorCodes = []CodeInfo[Code]{
	{BadRequest, RetryNever, "malformed JSON, unknown type, a field missing or out of range"},
	{BadID, RetryNever, "not `session--n` of this session, or n not greater than every n before"},
	{NotHeld, RetryNever, "release of a request that is not held"},
	{NotFound, RetryNever, "cancel, why, evict or unwatch of an unknown request; parent not held"},
	{Unavailable, RetryLater, "wait_ms 0 and the locks are not free"},
	{NotGranting, RetryLater, "wait_ms 0, or a steal, while the broker grants nothing to anyone"},
	{Timeout, RetryLater, "wait_ms has passed"},
	{Deadlock, RetryLater, "waiting could never end; release what you hold, then try again"},
	{WasEvicted, RetryNever, "an operator withdrew the waiting request"},
	{Forbidden, RetryNever, "the identity lacks the permission for this lock or operation"},
	{TooMany, RetryLater, "a limit of the hello is reached (requests of this session), or a limit of the broker"},
	{ShuttingDown, RetryReconnect, "the broker is draining"},
}

// The close codes of a WebSocket connection that the protocol uses (RFC 6455, section 7.4.1).
// [CloseCodes] returns what each means.
const (
	CloseNormal   = 1000
	CloseProtocol = 1002
	CloseBinary   = 1003
	CloseNoFrame  = 1006
	ClosePolicy   = 1008
	CloseTooBig   = 1009
	CloseRestart  = 1012
	CloseExpired  = 4401
	CloseRevoked  = 4403
)

// Goodbye is the reason of a close frame with [CloseNormal]. A client sends it to say that it has
// released everything. No WebSocket library sends it by itself.
const Goodbye = "goodbye"

// AliveMessage is a value of the query parameter "alive". A client that sends it asks the broker
// to count only messages as signs of life, and not the pings and pongs of WebSocket.
const AliveMessage = "message"

// DrainingAccept is a value of the query parameter "draining". A client that sends it also connects
// to a broker that drains, to inspect it.
const DrainingAccept = "accept"

// CloseCodes returns the table of close codes. A client treats any other code as [CloseNoFrame].
func CloseCodes() []CodeInfo[int] { return slices.Clone(closeCodes) }

var closeCodes = []CodeInfo[int]{
	{CloseNormal, RetryNever, "the client closed the connection, " +
		"with the reason `goodbye` when it has given up everything; the broker answers with 1000 too"},
	{CloseProtocol, RetryNever, "the client broke the WebSocket protocol"},
	{CloseBinary, RetryNever, "the client sent a binary frame"},
	{CloseNoFrame, RetryReconnect, "never sent: the connection ended without a close frame"},
	{ClosePolicy, RetryReconnect, "`slow consumer`, `silent` for timeout_ms, " +
		"or `malformed frames`: more than 100 in a row"},
	{CloseTooBig, RetryNever, "the client sent a frame over message_bytes"},
	{CloseRestart, RetryReconnect, "the broker stops"},
	{CloseExpired, RetryReconnect, "the credential has expired; before the hello: a page has no valid credential"},
	{CloseRevoked, RetryReconnect, "the credential has been revoked"},
}

// HTTPStatuses returns the table of HTTP statuses with which a broker refuses an upgrade.
func HTTPStatuses() []CodeInfo[int] { return slices.Clone(httpStatuses) }

var httpStatuses = []CodeInfo[int]{
	{400, RetryNever, "no proper handshake, an unknown subprotocol, a body, " +
		"a query of more than 1536 bytes, or a `client`, `alive`, `draining` or `resume` in it " +
		"that is out of range or given twice"},
	{401, RetryNever, "no credential, or one that is wrong or has expired; a page gets 4401"},
	{403, RetryNever, "the origin is not allowed"},
	{405, RetryNever, "not a GET"},
	{426, RetryNever, "a plain GET: this address speaks WebSocket only"},
	{429, RetryLater, "too many connections of this identity or address, or too many in a short time"},
	{503, RetryLater, "the broker is stopping, on standby, or has too many connections or too little memory"},
}
