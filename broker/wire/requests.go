package wire

// Acquire asks for locks, all together or none.
type Acquire struct {
	fromClient

	ID     ID         `json:"id"`
	Locks  []LockSpec `json:"locks"`
	Author string     `json:"author,omitzero"`
	// WaitMS: give up after waiting so long; 0: only if granted at once; absent: never.
	WaitMS Opt[int64] `json:"wait_ms,omitzero"`
	// HoldMS: the broker takes the locks back after so long; absent: never.
	HoldMS Opt[int64] `json:"hold_ms,omitzero"`
	// Parent is a request that holds, of any session, inside which this is made.
	Parent ID `json:"parent,omitzero"`
	// Steal takes the locks from their holders at once, past all waiters.
	Steal bool `json:"steal,omitzero"`
}

// Release ends a held request.
type Release struct {
	fromClient

	ID ID `json:"id"`
}

// Cancel ends a request in whatever state it is.
type Cancel struct {
	fromClient

	ID ID `json:"id"`
}

// Info asks for a page of the listing; the reply is an [InfoPage].
type Info struct {
	fromClient

	ID ID `json:"id"`
	// Match is a glob over names; absent: all.
	Match Opt[string] `json:"match,omitzero"`
	// Empty lists also locks that were used and are free.
	Empty bool `json:"empty,omitzero"`
	// After is the Next of the page before.
	After int64 `json:"after,omitzero"`
	// Max is how many locks, 1 to MaxPage, the default.
	Max Opt[int] `json:"max,omitzero"`
	// Queue is how many holders and how many waiters of each lock, 1 to
	// MaxQueue; absent: DefaultQueue.
	Queue Opt[int] `json:"queue,omitzero"`
	// Seq: only the lock with this Seq.
	Seq int64 `json:"seq,omitzero"`
	// HoldersAfter and WaitersAfter are, with Seq, the HoldersNext and the WaitersNext
	// of the page before. When one is given, the other list is left out.
	HoldersAfter Opt[int64] `json:"holders_after,omitzero"`
	WaitersAfter Opt[int64] `json:"waiters_after,omitzero"`
}

// Why asks who is in the way of a request, or of the first waiter of a lock;
// the reply is a [Chain].
type Why struct {
	fromClient

	ID      ID          `json:"id"`
	Request Opt[ID]     `json:"request,omitzero"`
	Lock    Opt[string] `json:"lock,omitzero"`
}

// Watch asks for every change of the locks that match.
type Watch struct {
	fromClient

	ID    ID          `json:"id"`
	Match Opt[string] `json:"match,omitzero"`
}

// Unwatch ends a watch.
type Unwatch struct {
	fromClient

	ID ID `json:"id"`
}

// Evict ends a request of anyone.
type Evict struct {
	fromClient

	ID      ID     `json:"id"`
	Request ID     `json:"request"`
	Message string `json:"message,omitzero"`
}

// Ping asks for a [Pong].
type Ping struct {
	fromClient

	ID ID `json:"id"`
}
