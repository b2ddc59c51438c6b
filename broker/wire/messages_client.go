package wire

// A Request is a message that a client sends.
type Request interface {
	Message
	// Opener returns the id of the message, and whether the message opens it:
	// such ids are used once, in rising order. The others name an id that is
	// open already.
	Opener() (id ID, opens bool)
	check(Limits) error
}

// Acquire asks for locks, all together or none.
type Acquire struct {
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
	ID ID `json:"id"`
}

// Cancel ends a request in whatever state it is.
type Cancel struct {
	ID ID `json:"id"`
}

// Info asks for a page of the listing; the reply is an [InfoPage].
type Info struct {
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
	ID      ID          `json:"id"`
	Request Opt[ID]     `json:"request,omitzero"`
	Lock    Opt[string] `json:"lock,omitzero"`
}

// Watch asks for every change of the locks that match.
type Watch struct {
	ID    ID          `json:"id"`
	Match Opt[string] `json:"match,omitzero"`
}

// Unwatch ends a watch.
type Unwatch struct {
	ID ID `json:"id"`
}

// Evict ends a request of anyone.
type Evict struct {
	ID      ID     `json:"id"`
	Request ID     `json:"request"`
	Message string `json:"message,omitzero"`
}

// Ping asks for a [Pong].
type Ping struct {
	ID ID `json:"id"`
}

// Kind returns "acquire".
func (*Acquire) Kind() string { return "acquire" }

// Kind returns "release".
func (*Release) Kind() string { return "release" }

// Kind returns "cancel".
func (*Cancel) Kind() string { return "cancel" }

// Kind returns "info".
func (*Info) Kind() string { return "info" }

// Kind returns "why".
func (*Why) Kind() string { return "why" }

// Kind returns "watch".
func (*Watch) Kind() string { return "watch" }

// Kind returns "unwatch".
func (*Unwatch) Kind() string { return "unwatch" }

// Kind returns "evict".
func (*Evict) Kind() string { return "evict" }

// Kind returns "ping".
func (*Ping) Kind() string { return "ping" }

// Opener says that an acquire opens its id.
func (m *Acquire) Opener() (ID, bool) { return m.ID, true }

// Opener says that a release names an open id.
func (m *Release) Opener() (ID, bool) { return m.ID, false }

// Opener says that a cancel names an open id.
func (m *Cancel) Opener() (ID, bool) { return m.ID, false }

// Opener says that an info opens its id.
func (m *Info) Opener() (ID, bool) { return m.ID, true }

// Opener says that a why opens its id.
func (m *Why) Opener() (ID, bool) { return m.ID, true }

// Opener says that a watch opens its id.
func (m *Watch) Opener() (ID, bool) { return m.ID, true }

// Opener says that an unwatch names an open id.
func (m *Unwatch) Opener() (ID, bool) { return m.ID, false }

// Opener says that an evict opens its id.
func (m *Evict) Opener() (ID, bool) { return m.ID, true }

// Opener says that a ping opens its id.
func (m *Ping) Opener() (ID, bool) { return m.ID, true }

func newRequest(kind string) Request {
	switch kind {
	case "acquire":
		return new(Acquire)
	case "release":
		return new(Release)
	case "cancel":
		return new(Cancel)
	case "info":
		return new(Info)
	case "why":
		return new(Why)
	case "watch":
		return new(Watch)
	case "unwatch":
		return new(Unwatch)
	case "evict":
		return new(Evict)
	case "ping":
		return new(Ping)
	}
	return nil
}
