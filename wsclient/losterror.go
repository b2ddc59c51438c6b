package wsclient

import (
	"fmt"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// A LostReason says how a lock was lost.
type LostReason string

// The reasons of a [LostError].
const (
	LostConnection LostReason = "connection" // the connection has ended
	LostLease      LostReason = "lease"      // the broker has not answered for too long
	LostClosed     LostReason = "closed"     // the client was closed
	LostExpired    LostReason = "expired"    // Hold has passed
	LostStolen     LostReason = "stolen"     // another request took the lock with Steal
	LostEvicted    LostReason = "evicted"    // an operator ended the request
)

// A LostError says that a lock was lost, and why: it is no longer held although it was not released.
// errors.Is(err, [ErrLost]) is true for it.
type LostError struct {
	// Locks names the locks that were lost. ID is the id of the request that held them, and Token its fencing
	// token.
	Locks []string
	ID    ID
	Token int64
	// Since is when the lock was lost. If the process was frozen, that may be long before it noticed.
	Since  time.Time
	Reason LostReason
	// By and Message say who stole the lock or evicted its holder, and why, if the broker said so.
	By, Message string
	// Err says why the connection ended, with LostConnection, LostLease and LostClosed.
	Err error

	hold  time.Duration // of the request, with LostExpired
	lease core.Lease    // of the connection, with LostConnection and LostLease
	clock *clock        // of the client
}

// lostError returns the error of a lock that is lost.
func (c *Client) lostError(end *core.End) *LostError {
	r := end.Request
	lost := &LostError{
		ID: r.ID(), Token: r.Token(), Since: time.Now().Add(-end.Late),
		Reason: LostReason(end.Reason), By: end.By, Message: end.Message,
		Err: c.errorOf(end.Because), hold: r.Hold,
	}
	for _, spec := range r.What.Locks {
		lost.Locks = append(lost.Locks, spec.Name)
	}
	if end.Because != nil {
		lost.lease, lost.clock = end.Because.Lease, &c.clock
	}
	return lost
}

// Left returns for how long from now the broker will not grant the lock to others, if it has not noticed that
// the connection has ended. A holder can use this time to stop. If Left is 0 or less, another request may
// hold the lock.
//
// With LostLease, the broker has not noticed, or keeps the lock because the client can take up its session. With
// LostConnection, it grants the lock to others as soon as it notices, unless it has a lock delay, or the broker
// itself has ended and has a state directory. With any other reason, or if a broker has said on a later connection
// that the lock is gone, another request may hold the lock already, and Left is 0.
func (e *LostError) Left() time.Duration {
	if e.lease.Timeout == 0 {
		return 0
	}
	return e.lease.Kept(e.clock.now())
}

// Is makes errors.Is(err, ErrLost) work.
func (e *LostError) Is(target error) bool { return target == ErrLost }

// Unwrap returns Err.
func (e *LostError) Unwrap() error { return e.Err }

// Error says which lock was lost, when (in UTC), and how.
func (e *LostError) Error() string {
	text := ErrLost.Error()
	if len(e.Locks) > 0 {
		were := "was"
		if len(e.Locks) > 1 {
			were = "were"
		}
		text = fmt.Sprintf("%s (%s, token %d) %s lost", lockNames(e.Locks), e.ID, e.Token, were)
	}
	if !e.Since.IsZero() {
		text += " at " + e.Since.UTC().Format("15:04:05.000Z")
	}
	return text + ": " + e.why()
}

// why returns how the lock was lost.
func (e *LostError) why() string {
	switch {
	case e.Err != nil:
		return e.Err.Error()
	case e.Reason == LostExpired && e.hold > 0:
		return fmt.Sprintf("its Hold of %v has passed", e.hold)
	}
	return string(e.Reason) + blame(e.By, e.Message)
}

// mostNames is how many names of locks an error shows.
const mostNames = 3

// lockNames returns the names of locks for an error.
func lockNames(names []string) string {
	if len(names) == 1 {
		return fmt.Sprintf("lock %q", names[0])
	}
	var quoted []string
	for _, name := range names[:min(len(names), mostNames)] {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	text := "locks " + strings.Join(quoted, ", ")
	if more := len(names) - mostNames; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
