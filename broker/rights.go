package broker

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// Rights say who the client of a session is, and what it may do. They never change: a session gets
// others when its client renews its credential, or when the operator changes the permissions. A
// session without rights may do everything.
type rights struct {
	subject access.Subject
	*party
}

// A party is all sessions whose subjects have the same name and groups. They share their permissions,
// which may be large.
type party struct {
	key         string
	control     *access.Control // that has given the permissions
	permissions *access.Permissions
	sessions    int
}

// judge returns the refusal of a message that the rights do not allow, or nil. The loop judges
// messages about the requests of other sessions, because only the lock table knows their locks. lacks
// is the verb that is not allowed.
func (r *rights) judge(m wire.Request) (refusal *wire.Error, lacks wire.Verb) {
	id, _ := wire.RequestID(m)
	switch m := m.(type) {
	case *wire.Acquire:
		if missing, lock, ok := r.permissions.MayAcquire(m); !ok {
			return forbidden(id, missing, lock), missing
		}
	case *wire.Info, *wire.Watch:
		if !r.permissions.AllowsSomewhere(access.List) {
			return forbidden(id, wire.MayList, ""), wire.MayList
		}
	case *wire.Why:
		if lock, given := m.Lock.Get(); given && !r.permissions.Allows(access.List, lock) {
			return forbidden(id, wire.MayList, lock), wire.MayList
		}
	case *wire.Clients:
		switch {
		case !r.permissions.AllowsEverywhere(access.Clients):
			return forbidden(id, wire.MayClients, ""), wire.MayClients
		case !r.permissions.AllowsEverywhere(access.List):
			return forbidden(id, wire.MayList, "**"), wire.MayList
		}
	}
	return nil, ""
}

// forbidden refuses a message. lock is the name of the lock that it is about, as the client has sent
// it, or "".
func forbidden(id wire.ID, verb wire.Verb, lock string) *wire.Error {
	message := "not permitted: " + string(verb)
	if lock != "" {
		message += " " + lock
	}
	return &wire.Error{ID: id, Code: wire.Forbidden, Message: message}
}

// mayWait is the check of the lock table for requests that wait when the rights have changed.
func (r *rights) mayWait(lock string, mode wire.Mode, steal bool) (lacks wire.Verb, ok bool) {
	spec := [1]wire.LockSpec{{Name: lock, Mode: mode}}
	lacks, _, ok = r.permissions.MayAcquire(&wire.Acquire{Locks: spec[:], Steal: steal})
	return lacks, ok
}

// expiresMS returns after how long the credential expires, or none if it does not.
func (r *rights) expiresMS() wire.Opt[int64] {
	if r.subject.Expires.IsZero() {
		return wire.Opt[int64]{}
	}
	left := time.Until(r.subject.Expires).Milliseconds()
	return wire.Some(min(max(left, 0), wire.MaxMillis))
}
