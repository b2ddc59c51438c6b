package locktable

import (
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Query asks for a page of the listing.
type Query struct {
	Match string // a glob over names; "": all
	Empty bool   // those too that nobody holds or waits for
	After int64  // the Next of the page before
	Max   int    // how many locks, at least 1
	Queue int    // how many holders, and how many waiters, of each lock
}

// A Page is the answer: locks in the order in which they came into use.
type Page struct {
	Locks []wire.LockInfo
	Next  int64 // where the next page begins; 0: there is none
}

// What one page may cost: nobody else is served meanwhile, and it must fit into
// what may be due to a session.
const (
	pageWork  = 2_000_000 // steps of comparing names with the glob, about
	pageBytes = 8 << 20   // of JSON, about
)

// Page answers q. It may hold fewer locks than q.Max although there are more:
// Next tells, not the number.
func (t *Table) Page(now time.Duration, q Query, events []Event) (Page, []Event) {
	events = t.advance(now, events)
	page := Page{Locks: []wire.LockInfo{}}
	work, room := pageWork, pageBytes
	t.bySeq.Ascend(&lock{seq: q.After + 1}, func(l *lock) bool {
		if work <= 0 || len(page.Locks) == q.Max || room <= 0 {
			page.Next = q.After
			return false
		}
		work -= matchWork(q.Match, l.name)
		q.After = l.seq
		if (q.Empty || !l.unused()) && (q.Match == "" || doublestar.MatchUnvalidated(q.Match, l.name)) {
			page.Locks = append(page.Locks, t.describeLock(l, q.Queue, &room))
		}
		return true
	})
	return page, events
}

// matchWork is how many steps the comparison may take, at worst: a glob with
// stars may look at every byte of the name for every byte of its own, and once
// more for each of its alternatives, which the wire format bounds.
func matchWork(glob, name string) int {
	work := 100 + len(glob)*len(name)
	if strings.Contains(glob, "{") {
		work *= wire.MaxAlternatives
	}
	return work
}

// describeLock describes l with at most queue holders and as many waiters, and
// takes what that costs from room. When room runs out the lists end there.
func (t *Table) describeLock(l *lock, queue int, room *int) wire.LockInfo {
	*room -= 100 + jsonLen(l.name)
	return wire.LockInfo{
		Name:    l.name,
		Seq:     l.seq,
		Holders: t.describeList(l.holders, queue, room),
		Waiters: t.describeList(l.queue, queue, room),
		Holding: l.holders.len,
		Waiting: l.queue.len,
	}
}

func (t *Table) describeList(places list[place, *place], most int, room *int) []wire.RequestInfo {
	infos := make([]wire.RequestInfo, 0, min(places.len, most))
	for p := places.first; p != nil && len(infos) < most && *room > 0; p = p.next {
		info := t.describe(p)
		*room -= infoLen(info)
		infos = append(infos, info)
	}
	return infos
}

// describe describes a request as seen from one of its locks.
func (t *Table) describe(p *place) wire.RequestInfo {
	r := p.request
	info := wire.RequestInfo{
		ID:         r.id(),
		Author:     r.author,
		Mode:       p.mode,
		Token:      r.token,
		Locks:      make([]string, len(r.places)),
		Parent:     r.livingParent(),
		DurationMS: (t.now - r.since).Milliseconds(),
		Peer:       r.session.peer,
	}
	if p.mode == wire.Shared && p.limit < infinite {
		info.Limit = wire.Some(p.limit)
	}
	for i := range r.places {
		info.Locks[i] = r.places[i].lock.name
	}
	return info
}

// infoLen is about how long the JSON of a RequestInfo is, rather more than less.
func infoLen(info wire.RequestInfo) int {
	n := 250 + jsonLen(info.Author) + jsonLen(info.Client) + jsonLen(info.Identity)
	for _, name := range info.Locks {
		n += 3 + jsonLen(name)
	}
	return n
}

// jsonLen is how long text is inside a JSON string.
func jsonLen(text string) int {
	n := len(text)
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ':
			n += len(`\u0000`) - 1
		case c == '"' || c == '\\':
			n++
		}
	}
	return n
}
