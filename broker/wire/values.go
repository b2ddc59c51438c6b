package wire

import (
	"fmt"
	"time"
)

// A Mode says with whom a lock may be shared.
type Mode uint8

// The modes. A request that names none asks for Exclusive.
const (
	Exclusive Mode = iota // one holder at a time
	Shared                // any number of shared holders together, or up to a limit
)

// String returns the mode as it is on the wire.
func (m Mode) String() string {
	if m == Shared {
		return "shared"
	}
	return "exclusive"
}

// MarshalText returns the mode as it is on the wire.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText accepts "exclusive" and "shared" and nothing else.
func (m *Mode) UnmarshalText(text []byte) error {
	switch string(text) {
	case "exclusive":
		*m = Exclusive
	case "shared":
		*m = Shared
	default:
		return fmt.Errorf("want exclusive or shared, not %.40q", text)
	}
	return nil
}

// A LockSpec is one lock of a request: which, and how.
type LockSpec struct {
	Name string `json:"name"`
	Mode Mode   `json:"mode,omitzero"`
	// Limit, with Shared only, is how many may hold the lock at once, this one
	// counted: a counting semaphore. None: as many as come.
	Limit Opt[int] `json:"limit,omitzero"`
}

// RequestInfo describes a request that waits or holds, on one of its locks.
type RequestInfo struct {
	ID     ID     `json:"id"`
	Author string `json:"author,omitzero"`
	// Mode and Limit are those on the lock at hand.
	Mode  Mode     `json:"mode"`
	Limit Opt[int] `json:"limit,omitzero"`
	// Token is the fencing token; only holders have one.
	Token int64 `json:"token,omitzero"`
	// Locks are the names of all locks of the request.
	Locks []string `json:"locks"`
	// Parent is the nearest request around this one: that inside which it was made,
	// or, once that has ended, what was around that.
	Parent ID `json:"parent,omitzero"`
	// DurationMS is how long the request has been waiting, or holding.
	DurationMS int64 `json:"duration_ms"`
	Peer
	// Gone is set on a holder whose connection has ended and whose locks are
	// about to be released, or kept for the lock delay.
	Gone bool `json:"gone,omitzero"`
}

// Duration is DurationMS as a time.Duration.
func (r RequestInfo) Duration() time.Duration {
	return time.Duration(r.DurationMS) * time.Millisecond
}

// A Peer says, for people, who is at the other end of a session.
type Peer struct {
	// Client is the label that the client gave itself.
	Client string `json:"client,omitzero"`
	// Remote is the address that the broker saw.
	Remote string `json:"remote,omitzero"`
	// Identity is who the broker knows it to be, where it has credentials.
	Identity string `json:"identity,omitzero"`
}

// LockInfo describes a lock: who holds it and who waits for it.
type LockInfo struct {
	Name string `json:"name"`
	// Seq numbers locks in the order in which they first came into use.
	Seq int64 `json:"seq"`
	// Holders and Waiters are in their order, and may be cut short; Holding and
	// Waiting are the full counts.
	Holders []RequestInfo `json:"holders"`
	Waiters []RequestInfo `json:"waiters"`
	Holding int           `json:"holding"`
	Waiting int           `json:"waiting"`
	// Grants is how many requests were granted on the lock since its name came into
	// use.
	Grants int64 `json:"grants"`
	// HoldersNext and WaitersNext, where a list was cut short, are where it goes on:
	// the HoldersAfter and WaitersAfter of an [Info] with this Seq.
	HoldersNext Opt[int64] `json:"holders_next,omitzero"`
	WaitersNext Opt[int64] `json:"waiters_next,omitzero"`
}

// A Step says that a request waits for a lock because of a blocker.
type Step struct {
	Request RequestInfo `json:"request"`
	Lock    string      `json:"lock"`
	Blocker RequestInfo `json:"blocker"`
}
