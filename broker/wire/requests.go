package wire

// Acquire asks for one or several locks. They are granted together or not at all.
type Acquire struct {
	fromClient

	ID    ID         `json:"id"`
	Locks []LockSpec `json:"locks"`
	// Author is who asks, for people to read.
	Author string `json:"author,omitzero"`
	// WaitMS is how long the request waits at most, in milliseconds. 0: it is refused if it is
	// not granted at once. Absent: no bound.
	WaitMS Opt[int64] `json:"wait_ms,omitzero"`
	// HoldMS is how long the request holds at most, in milliseconds, before it expires.
	// Absent: no bound.
	HoldMS Opt[int64] `json:"hold_ms,omitzero"`
	// Parent is the request inside which this one is made. It must hold, and may be of any
	// session.
	Parent ID `json:"parent,omitzero"`
	// Steal takes the locks from their holders at once, ahead of all waiters.
	Steal bool `json:"steal,omitzero"`
}

// Release ends a request that holds. The reply is [Released], or nothing if the release is quiet.
type Release struct {
	fromClient

	ID ID `json:"id"`
	// Quiet asks for no reply if the request held.
	Quiet bool `json:"quiet,omitzero"`
}

// Cancel ends a request, whether it waits or holds. The reply is [Cancelled].
type Cancel struct {
	fromClient

	ID ID `json:"id"`
}

// Info asks for a page of the listing. The reply is [InfoPage].
type Info struct {
	fromClient

	ID ID `json:"id"`
	// Match is a glob that the names must match. Absent: all names.
	Match Opt[string] `json:"match,omitzero"`
	// Empty adds the locks that were used and are now free.
	Empty bool `json:"empty,omitzero"`
	// After is the Next of the page before, or 0 for the first page.
	After int64 `json:"after,omitzero"`
	// Max is the greatest number of locks in the reply, 1 to MaxPage. Absent: MaxPage.
	Max Opt[int] `json:"max,omitzero"`
	// Queue is the greatest number of holders, and of waiters, for each lock, 1 to MaxQueue.
	// Absent: DefaultQueue.
	Queue Opt[int] `json:"queue,omitzero"`
	// Seq selects the lock with this Seq. 0: all locks.
	Seq int64 `json:"seq,omitzero"`
	// HoldersAfter and WaitersAfter need Seq. They are the HoldersNext and the WaitersNext of
	// the page before. If only one of them is given, the other list is left out.
	HoldersAfter Opt[int64] `json:"holders_after,omitzero"`
	WaitersAfter Opt[int64] `json:"waiters_after,omitzero"`
}

// Why asks who is in the way of a request, or of the first waiter of a lock. Exactly one of
// Request and Lock must be given. The reply is [Chain].
type Why struct {
	fromClient

	ID      ID          `json:"id"`
	Request Opt[ID]     `json:"request,omitzero"`
	Lock    Opt[string] `json:"lock,omitzero"`
}

// Clients asks for a page of the clients that are connected. The reply is [ClientsPage].
type Clients struct {
	fromClient

	ID ID `json:"id"`
	// Client is a glob that the labels must match. Absent: all labels.
	Client Opt[string] `json:"client,omitzero"`
	// Remote is the address from which the clients must have connected: an IP address, or a
	// network such as 192.0.2.0/24. Absent: all addresses.
	Remote Opt[string] `json:"remote,omitzero"`
	// Holding and Waiting select the clients that hold a lock, or have a request that waits.
	Holding bool `json:"holding,omitzero"`
	Waiting bool `json:"waiting,omitzero"`
	// Session selects the client of this session. Absent: all sessions.
	Session Opt[string] `json:"session,omitzero"`
	// Requests needs Session. It is the greatest number of the client's requests to list, 1 to
	// MaxPage. Absent: none.
	Requests Opt[int] `json:"requests,omitzero"`
	// After is the Next of the page before, or 0 for the first page.
	After int64 `json:"after,omitzero"`
	// Max is the greatest number of clients in the reply, 1 to MaxPage. Absent: MaxPage.
	Max Opt[int] `json:"max,omitzero"`
}

// Watch asks for every [Change] of the locks that match. The reply is [Watching].
type Watch struct {
	fromClient

	ID ID `json:"id"`
	// Match is a glob that the names must match. Absent: all names.
	Match Opt[string] `json:"match,omitzero"`
}

// Unwatch ends a watch. The reply is [Unwatched].
type Unwatch struct {
	fromClient

	ID ID `json:"id"`
}

// Evict ends a request of any session. The reply is [Evicted].
type Evict struct {
	fromClient

	ID      ID `json:"id"`
	Request ID `json:"request"`
	// Message tells the client that made the request why it was evicted.
	Message string `json:"message,omitzero"`
}

// Ping asks for a [Pong].
type Ping struct {
	fromClient

	ID ID `json:"id"`
}
