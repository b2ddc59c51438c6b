package wsclient

import (
	"maps"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A View shows the holders and waiters of the watched locks right after Change.
//
// It is valid until the next step of the iteration, and only in the goroutine of the iteration. The caller
// may keep what its methods return. A method takes time in proportion to what it returns, and a change at
// most in proportion to the holders and waiters of its lock.
type View struct {
	// Change is what happened since the previous step. It is nil if the view was made from the listing:
	// at the first step, and after changes were missed.
	Change *Change

	locks map[string]*seenLock // the locks that are held or waited for
	torn  bool                 // changes alone can no longer keep it right
}

func newView() *View { return &View{locks: make(map[string]*seenLock)} }

// Locks returns the locks that are held or waited for, sorted by name. Holders are in the order of their
// grants, and waiters in the order of their arrival. Holding and Waiting are exact. If a list is shorter than
// its count, it has the first ones.
//
// DurationMS is up to date. Parent and Gone may be out of date: no change reports that they differ from the
// last change or page that contained the request. Seq and Grants are 0, because changes do not contain them.
func (v *View) Locks() []LockInfo {
	locks := make([]LockInfo, 0, len(v.locks))
	for _, name := range slices.Sorted(maps.Keys(v.locks)) {
		locks = append(locks, v.locks[name].info(name))
	}
	return locks
}

// Lock returns one lock, as [View.Locks] does. It returns false if the lock is neither held nor waited for.
func (v *View) Lock(name string) (LockInfo, bool) {
	if l := v.locks[name]; l != nil {
		return l.info(name), true
	}
	return LockInfo{Name: name}, false
}

// replace replaces what is known about the lock of that name by lock, which was received at that time.
func (v *View) replace(lock LockInfo, at time.Time) {
	v.locks[lock.Name] = &seenLock{
		holders: seenQueue{seenAll(lock.Holders, at), lock.Holding},
		waiters: seenQueue{seenAll(lock.Waiters, at), lock.Waiting},
	}
}

// apply applies c, which was received at that time, to its lock.
func (v *View) apply(c *Change, at time.Time) {
	l := v.locks[c.Lock]
	if l == nil {
		l = new(seenLock)
		v.locks[c.Lock] = l
	}
	sure := true
	switch r := seen(c.Request, at); c.Event {
	case wire.EventQueued:
		l.waiters.add(r)
	case wire.EventGranted:
		sure = l.grant(r)
	default:
		sure = l.end(r)
	}
	v.torn = v.torn || !sure
	if l.holders.all == 0 && l.waiters.all == 0 {
		delete(v.locks, c.Lock)
	}
}

// A seenLock is a lock in a view.
type seenLock struct {
	holders, waiters seenQueue
}

// grant moves r to the holders. It returns false if it cannot tell whether r has waited, or if waiters are left and
// none of them is listed.
//
// A request is granted because it is the first of its queue, because nobody waits, or because it is a steal, which is
// always exclusive. So if there are waiters, and r is not among the listed ones, there are two cases: no waiter is
// listed, and r was the first of them; or r is a steal.
func (l *seenLock) grant(r seenRequest) (sure bool) {
	sure = true
	waited, more := l.waiters.remove(r)
	if !waited && len(l.waiters.first) == 0 && l.waiters.cut() {
		l.waiters.all--
		sure = r.Mode == wire.Shared
	}
	l.holders.add(r)
	return sure && more
}

// end removes r, which is a holder if it has a token. It returns false if others are left in that list and none of
// them is listed.
func (l *seenLock) end(r seenRequest) (sure bool) {
	q := &l.waiters
	if r.Token != 0 {
		q = &l.holders
	}
	known, more := q.remove(r)
	if !known && q.cut() {
		q.all--
	}
	return more
}

func (l *seenLock) info(name string) LockInfo {
	return LockInfo{
		Name:    name,
		Holders: l.holders.infos(),
		Waiters: l.waiters.infos(),
		Holding: l.holders.all,
		Waiting: l.waiters.all,
	}
}

// A seenQueue has the holders or the waiters of a lock in a view. If the listing has cut it short, later requests are
// only counted. So the listed ones are always the first.
type seenQueue struct {
	first []seenRequest
	all   int
}

// cut reports whether some are not listed.
func (q *seenQueue) cut() bool { return q.all > len(q.first) }

func (q *seenQueue) add(r seenRequest) {
	if !q.cut() {
		q.first = append(q.first, r)
	}
	q.all++
}

// remove removes r if it is listed, and reports whether it was. more is false if r was the last one listed and others
// are left.
func (q *seenQueue) remove(r seenRequest) (known, more bool) {
	i := slices.IndexFunc(q.first, func(s seenRequest) bool { return s.ID == r.ID })
	if i < 0 {
		return false, true
	}
	q.first = slices.Delete(q.first, i, i+1)
	q.all--
	return true, len(q.first) > 0 || q.all == 0
}

func (q *seenQueue) infos() []RequestInfo {
	infos := make([]RequestInfo, len(q.first))
	for i, r := range q.first {
		infos[i] = *r.RequestInfo
		infos[i].DurationMS = time.Since(r.since).Milliseconds()
		infos[i].Locks = slices.Clone(r.Locks)
	}
	return infos
}

// A seenRequest is a request in a view. Its RequestInfo never changes.
type seenRequest struct {
	*RequestInfo
	since time.Time // when it began to wait, or to hold
}

func seen(r RequestInfo, at time.Time) seenRequest {
	return seenRequest{&r, at.Add(-r.Duration())}
}

func seenAll(infos []RequestInfo, at time.Time) []seenRequest {
	all := make([]seenRequest, len(infos))
	for i, info := range infos {
		all[i] = seen(info, at)
	}
	return all
}
