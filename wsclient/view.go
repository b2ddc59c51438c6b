package wsclient

import (
	"maps"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A View is what a watch knows of the locks that match: who holds them and who
// waits for them. It is as it was right after Change.
//
// It is valid until the next step of the iteration that yields it, in the
// goroutine of that; what its methods return is the caller's to keep. They cost
// what they return, and a change costs no more than the lock that it is about.
type View struct {
	// Change is what has happened since the step before. It is nil when the view
	// was made from the listing: at the first step, and where changes were missed.
	Change *Change

	locks map[string]*seenLock // those that somebody holds or waits for
	torn  bool                 // it can no longer be kept right by changes alone
}

func newView() *View { return &View{locks: make(map[string]*seenLock)} }

// Locks returns the locks that somebody holds or waits for, by name. Holders are
// in the order of their grants and waiters in the order of their arrival;
// Holding and Waiting are exact, and where they are greater than the lists
// are long, the lists are the first of them.
//
// DurationMS is brought up to date. Parent and Gone are as they were when the
// request was last told of, since no change tells of their end or beginning,
// and Seq and Grants, which no change tells at all, are 0.
func (v *View) Locks() []LockInfo {
	locks := make([]LockInfo, 0, len(v.locks))
	for _, name := range slices.Sorted(maps.Keys(v.locks)) {
		locks = append(locks, v.locks[name].info(name))
	}
	return locks
}

// Lock returns the lock of that name, as Locks does, if somebody holds it or
// waits for it.
func (v *View) Lock(name string) (LockInfo, bool) {
	if l := v.locks[name]; l != nil {
		return l.info(name), true
	}
	return LockInfo{Name: name}, false
}

// replace makes lock all that is known of the lock of that name; it was received
// at that time.
func (v *View) replace(lock LockInfo, at time.Time) {
	v.locks[lock.Name] = &seenLock{
		holders: seenQueue{seenAll(lock.Holders, at), lock.Holding},
		waiters: seenQueue{seenAll(lock.Waiters, at), lock.Waiting},
	}
}

// apply does to the lock that c names what c tells; it was received at that time.
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

// grant moves r to the holders. It reports false when it cannot tell whether r
// has waited.
//
// A request is granted as the first of its queue, or while nobody waits, or it
// steals, which only exclusive ones do. So where there are waiters, and r is
// none of those listed, it was the first of those that are not, if none is
// listed, or it steals.
func (l *seenLock) grant(r seenRequest) (sure bool) {
	sure = true
	waited, more := l.waiters.take(r)
	if !waited && len(l.waiters.first) == 0 && l.waiters.cut() {
		l.waiters.all--
		sure = r.Mode == wire.Shared
	}
	l.holders.add(r)
	return sure && more
}

// end removes r, which is a holder if it has a token. It reports false when all
// that are left are not listed.
func (l *seenLock) end(r seenRequest) (sure bool) {
	q := &l.waiters
	if r.Token != 0 {
		q = &l.holders
	}
	known, more := q.take(r)
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

// A seenQueue is the holders, or the waiters, of a lock in a view. The listing
// may have cut it short; then those that come later are only counted, so that
// the ones listed are always the first.
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

// take removes r if it is listed. It reports that, and whether anybody is listed
// then, where there is anybody.
func (q *seenQueue) take(r seenRequest) (known, more bool) {
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

// A seenRequest is a request in a view. What it points to is never changed.
type seenRequest struct {
	*RequestInfo
	since time.Time // it has been waiting, or holding
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
