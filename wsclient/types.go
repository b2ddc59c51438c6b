package wsclient

import (
	"fmt"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An ID names a request. Its fields are Session, the name of the connection, and N, the number of the request
// on that connection. String returns the text that listings show, such as k3v9x2mq--0, and [ParseID] reads
// it. Compare IDs with ==. The zero ID names no request; IsZero reports whether an ID is zero.
type ID = wire.ID

// ParseID parses the text of an [ID]. For "" it returns the zero ID. For other text that is not an id, the
// error is [ErrBadRequest].
func ParseID(text string) (ID, error) {
	if text == "" {
		return ID{}, nil
	}
	id := wire.ParseID(text)
	if err := checkID(id); err != nil {
		return ID{}, badRequest(err)
	}
	return id, nil
}

// maxID is the greatest length of an id that the client sends. It is more than any broker needs.
const maxID = 128

// checkID refuses an id that no request can have. The name of a session has only the characters a-z and 0-9.
func checkID(id ID) error {
	text := id.String()
	strange := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }
	if !id.Valid() || len(text) > maxID || strings.ContainsFunc(id.Session, strange) {
		return fmt.Errorf("want the id of a request, such as k3v9x2mq--0, not %.40q", text)
	}
	return nil
}

// Mode says whether other requests may hold the lock at the same time: [Exclusive], the zero value, or
// [Shared]. String returns "exclusive" or "shared".
type Mode = wire.Mode

// The modes.
const (
	Exclusive = wire.Exclusive // one holder at a time
	Shared    = wire.Shared    // any number of shared holders together, or up to a limit
)

// A LockInfo describes a lock: who holds it and who waits for it. Its fields are:
//
//	Name          string         the name of the lock
//	Seq           int64          numbers locks in the order in which their names came into use
//	Holders       []RequestInfo  the holders, in the order of their grants
//	Waiters       []RequestInfo  the waiters, in the order of their arrival
//	Holding       int            the number of holders; Holders may list fewer
//	Waiting       int            the number of waiters; Waiters may list fewer
//	Grants        int64          the number of grants since its name came into use
//	HoldersNext   Opt[int64]     where Holders continues, if it is incomplete; see Whole of InfoOptions
//	WaitersNext   Opt[int64]     where Waiters continues, likewise
type LockInfo = wire.LockInfo

// A RequestInfo describes a request that waits for a lock or holds it. Its fields are:
//
//	ID          ID         names the request
//	Author      string     who made the request: AcquireOptions.Author
//	Mode        Mode       the mode on this lock
//	Limit       Opt[int]   the limit on this lock; Limit.Get returns it, and false without a limit
//	Token       int64      the fencing token of a holder; 0 for a waiter
//	Locks       []string   the names of all locks of the request
//	Parent      ID         the innermost request around this one that has not ended, or the zero ID
//	DurationMS  int64      how long it has been waiting or holding; Duration returns the same
//	Client      string     the label of its client
//	Remote      string     the address from which its client has connected
//	Identity    string     who its client is, if the broker asks for credentials
//	Gone        bool       its connection has ended, and its locks will be released
//	Hidden      bool       this client may not list all of its locks, and Locks leaves those out. If this client
//	                       may list none of them, it knows nothing else about the request, not even its ID
type RequestInfo = wire.RequestInfo

// A Step says that a request waits for a lock because of another request. Its fields are:
//
//	Request  RequestInfo    the request that waits
//	Lock     string         the name of the lock, or "" if this client may not list it
//	Blocker  RequestInfo    a holder of the lock, or an earlier waiter (then its Token is 0)
//	Others   []RequestInfo  the other holders of the lock, of which some may be left out
//	Holding  int            how many requests hold the lock, if there are several
type Step = wire.Step

// A Change says what happened to a request on a lock. Its fields are:
//
//	ID       ID               names the watch
//	Event    wire.Event       see below
//	Reason   wire.LostReason  with "lost": "expired", "stolen" or "evicted"
//	By       string           who did it, with "lost" and "evicted"
//	Message  string           why they did it
//	Lock     string           the name of the lock
//	Request  RequestInfo      the request at that moment
//
// After the first two events the request goes on. The others end it:
//
//	queued         it waits
//	granted        it holds
//	released       its client released it
//	cancelled      its client cancelled it while it waited or held
//	timeout        it waited, and its Wait has passed
//	lost           it held; Reason says how it ended
//	evicted        it waited, and an operator ended it
//	forbidden      it waited, and the permissions of its client have changed
//	shutting_down  it waited, and the broker is about to stop
//	gone           its connection has ended
type Change = wire.Change
