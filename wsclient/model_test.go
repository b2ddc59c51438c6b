package wsclient

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A model is a broker as a watch sees it: its locks, the changes that it reports, and its listing, with pages and
// lists that are cut short early. A lock has one exclusive holder, or shared ones, at most as many as there are seats.
type model struct {
	*rand.Rand
	names    []string
	locks    map[string]*modelLock
	seq      int64
	requests int64
	tell     func(wire.Reply)
}

const seats = 4

type modelLock struct {
	name             string
	seq              int64
	holders, waiters []wire.RequestInfo
}

func (l *modelLock) free() bool { return len(l.holders)+len(l.waiters) == 0 }

// step does one thing at random.
func (m *model) step() {
	l := m.use(m.names[m.IntN(len(m.names))])
	switch n := m.IntN(20); {
	case n < 10:
		m.acquire(l)
	case n < 15 && len(l.holders) > 0:
		m.end(l, &l.holders, "released", "cancelled", "lost", "gone")
	case n < 18 && len(l.waiters) > 0:
		m.end(l, &l.waiters, "timeout", "cancelled", "evicted", "shutting_down", "gone")
	case n == 18:
		m.steal(l)
	case n == 19:
		m.clear(l)
	}
	if l.free() && m.IntN(3) == 0 {
		delete(m.locks, l.name) // forgotten
	}
}

func (m *model) use(name string) *modelLock {
	l := m.locks[name]
	if l == nil {
		m.seq++
		l = &modelLock{name: name, seq: m.seq}
		m.locks[name] = l
	}
	return l
}

func (m *model) newRequest() wire.RequestInfo {
	m.requests++
	return wire.RequestInfo{ID: wire.ID{Session: "s", N: m.requests}, Mode: wire.Mode(m.IntN(2))}
}

func (m *model) acquire(l *modelLock) {
	r := m.newRequest()
	if len(l.waiters) == 0 && l.fits(r) {
		m.grant(l, r)
		return
	}
	l.waiters = append(l.waiters, r)
	m.change(l, "queued", r)
}

func (l *modelLock) fits(r wire.RequestInfo) bool {
	if r.Mode == wire.Exclusive {
		return len(l.holders) == 0
	}
	return len(l.holders) == 0 || l.holders[0].Mode == wire.Shared && len(l.holders) < seats
}

func (m *model) grant(l *modelLock, r wire.RequestInfo) {
	r.Token = r.ID.N
	l.holders = append(l.holders, r)
	m.change(l, "granted", r)
}

// end ends one of those requests, and grants what becomes free.
func (m *model) end(l *modelLock, from *[]wire.RequestInfo, events ...string) {
	i := m.IntN(len(*from))
	m.remove(l, from, i, events[m.IntN(len(events))])
	for len(l.waiters) > 0 && l.fits(l.waiters[0]) {
		r := l.waiters[0]
		l.waiters = l.waiters[1:]
		m.grant(l, r)
	}
}

func (m *model) remove(l *modelLock, from *[]wire.RequestInfo, i int, event string) {
	r := (*from)[i]
	*from = slices.Delete(slices.Clone(*from), i, i+1)
	m.change(l, event, r)
}

func (m *model) steal(l *modelLock) {
	for len(l.holders) > 0 {
		m.remove(l, &l.holders, 0, "lost")
	}
	r := m.newRequest()
	r.Mode = wire.Exclusive
	m.grant(l, r)
}

// clear ends all requests of the lock, which is then free.
func (m *model) clear(l *modelLock) {
	for len(l.waiters) > 0 {
		m.remove(l, &l.waiters, len(l.waiters)-1, "gone")
	}
	for len(l.holders) > 0 {
		m.remove(l, &l.holders, 0, "gone")
	}
}

func (m *model) change(l *modelLock, event string, r wire.RequestInfo) {
	m.tell(&wire.Change{Event: wire.Event(event), Lock: l.name, Request: r})
}

// page returns a page of at most 3 locks with a few requests.
func (m *model) page(id wire.ID, after int64) *wire.InfoPage {
	page := &wire.InfoPage{ID: id}
	room, looked := 1+m.IntN(8), after
	for _, l := range m.bySeq() {
		if l.seq <= after {
			continue
		}
		if room <= 0 || len(page.Locks) == 3 || looked > after && m.IntN(4) == 0 {
			page.Next = looked
			break
		}
		looked = l.seq
		if l.free() {
			continue
		}
		info := wire.LockInfo{Name: l.name, Seq: l.seq, Holding: len(l.holders), Waiting: len(l.waiters)}
		room-- // for the lock itself; no room may be left for its lists
		info.Holders, room = l.holders[:min(room, len(l.holders))], room-min(room, len(l.holders))
		info.Waiters, room = l.waiters[:min(room, len(l.waiters))], room-min(room, len(l.waiters))
		page.Locks = append(page.Locks, info)
	}
	return page
}

func (m *model) bySeq() []*modelLock {
	var locks []*modelLock
	for _, l := range m.locks {
		locks = append(locks, l)
	}
	slices.SortFunc(locks, func(a, b *modelLock) int { return int(a.seq - b.seq) })
	return locks
}

// truth is what a view must show.
type truth map[string]modelLock

func (m *model) truth() truth {
	all := truth{}
	for name, l := range m.locks {
		if !l.free() {
			all[name] = *l
		}
	}
	return all
}

// compare returns what is wrong with the view: counts must be exact, and each list must be the beginning of the full
// one.
func (t truth) compare(v *View) error {
	locks := v.Locks()
	if len(locks) != len(t) {
		return fmt.Errorf("%d locks, want %d", len(locks), len(t))
	}
	for _, got := range locks {
		want := t[got.Name]
		if got.Holding != len(want.holders) || got.Waiting != len(want.waiters) ||
			!begins(want.holders, got.Holders) || !begins(want.waiters, got.Waiters) {
			return fmt.Errorf("got %+v, want %+v", got, want)
		}
	}
	return nil
}

func begins(all, first []wire.RequestInfo) bool {
	return len(first) <= len(all) && slices.EqualFunc(all[:len(first)], first, func(a, b wire.RequestInfo) bool {
		return a.ID == b.ID && a.Token == b.Token
	})
}
