package wire

import "time"

// RequestInfo describes a request on one of its locks, for people and in errors.
type RequestInfo struct {
	ID     ID     `json:"id"`
	Author string `json:"author,omitzero"`
	// Mode and Limit are those of the request on this lock.
	Mode  Mode     `json:"mode"`
	Limit Opt[int] `json:"limit,omitzero"`
	// Token is the fencing token of a holder. It is 0 for a waiter.
	Token int64 `json:"token,omitzero"`
	// Locks are the names of all locks of the request.
	Locks []string `json:"locks"`
	// Parent is the nearest request around this one that has not ended.
	Parent ID `json:"parent,omitzero"`
	// DurationMS is how long the request has been waiting, or holding, in milliseconds.
	DurationMS int64 `json:"duration_ms"`
	Peer
	// Gone is true for a holder whose connection has ended. The broker will release its locks
	// when its client can no longer treat them as held.
	Gone bool `json:"gone,omitzero"`
	// Hidden is true if the client that asks may not list all locks of the request. Locks then
	// leaves these locks out. If it may list none of them, all other fields are zero.
	Hidden bool `json:"hidden,omitzero"`
}

// Duration returns DurationMS as a time.Duration.
func (r RequestInfo) Duration() time.Duration {
	return time.Duration(r.DurationMS) * time.Millisecond
}

// A Peer describes the client of a session, for people.
type Peer struct {
	// Client is the label that the client chose.
	Client string `json:"client,omitzero"`
	// Remote is the address from which the client connected.
	Remote string `json:"remote,omitzero"`
	// Identity is who the client is. It is empty if the broker asks for no credentials.
	Identity string `json:"identity,omitzero"`
}

// LockInfo describes a lock: who holds it and who waits for it.
type LockInfo struct {
	Name string `json:"name"`
	// Seq numbers the locks in the order in which their names came into use.
	Seq int64 `json:"seq"`
	// Holders are in the order of the grants, and Waiters in the order of arrival. Both may be
	// cut off. Holding and Waiting are the full counts.
	Holders []RequestInfo `json:"holders"`
	Waiters []RequestInfo `json:"waiters"`
	Holding int           `json:"holding"`
	Waiting int           `json:"waiting"`
	// Grants is how many requests were granted the lock since its name came into use.
	Grants int64 `json:"grants"`
	// HoldersNext and WaitersNext say where a list that was cut off continues. They are the
	// HoldersAfter and the WaitersAfter of an [Info] with this Seq.
	HoldersNext Opt[int64] `json:"holders_next,omitzero"`
	WaitersNext Opt[int64] `json:"waiters_next,omitzero"`
}

// A Step says that Request waits for Lock because of Blocker, which holds it or waits ahead.
type Step struct {
	Request RequestInfo `json:"request"`
	// Lock is empty if the client that asks may not list it.
	Lock    string      `json:"lock,omitzero"`
	Blocker RequestInfo `json:"blocker"`
	// Others are the other holders of Lock, in the order of the grants. They are set only in a
	// [Chain], and only if Blocker holds Lock. There are at most MaxHoldersTold - 1.
	Others []RequestInfo `json:"others,omitzero"`
	// Holding is how many requests hold Lock. It is set if Blocker is not the only holder. It may
	// exceed the number of the requests in Blocker and Others.
	Holding int `json:"holding,omitzero"`
}
