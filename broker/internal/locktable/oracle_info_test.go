package locktable

import (
	"slices"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// What the oracle answers when it is asked who has what.

func (o *oracle) obstacle(w *wish) *Obstacle {
	obstacle := &Obstacle{}
	var seen []*wish
	for _, spec := range w.Locks {
		for _, holder := range o.users(spec.Name, true) {
			if !slices.Contains(seen, holder) && len(obstacle.Holders) < 8 {
				seen = append(seen, holder)
				obstacle.Holders = append(obstacle.Holders, o.describe(holder, spec.Name))
			}
		}
		for _, other := range o.users(spec.Name, false) {
			if !slices.Contains(seen, other) && other.arrival < w.arrival && obstacle.Ahead < 1000 {
				seen = append(seen, other)
				obstacle.Ahead++
			}
		}
	}
	return obstacle
}

func (o *oracle) describe(w *wish, name string) wire.RequestInfo {
	spec, _ := w.on(name)
	info := wire.RequestInfo{
		ID: w.ID, Author: w.Author, Mode: spec.Mode, Limit: spec.Limit, Token: w.token,
		DurationMS: int64((o.now - w.since) / time.Millisecond),
		Peer:       o.peers[w.ID.Session],
		Gone:       w.held && o.leaving[w.ID.Session],
	}
	for _, s := range w.Locks {
		info.Locks = append(info.Locks, s.Name)
	}
	if at := slices.IndexFunc(w.around, func(id wire.ID) bool { return o.find(id) != nil }); at >= 0 {
		info.Parent = w.around[at]
	}
	return info
}

func (o *oracle) Page(now time.Duration, q Query, events []Event) (Page, []Event) {
	events = o.Tick(now, events)
	page := Page{Locks: []wire.LockInfo{}}
	last := q.After
	for _, k := range o.names {
		if k.seq <= q.After || q.Seq != 0 && k.seq != q.Seq {
			continue
		}
		if name, plain := glob.Name(q.Match); plain && name != k.name {
			continue
		}
		if len(page.Locks) == q.Max {
			page.Next = last
			break
		}
		last = k.seq
		if k.rested > 0 && !q.Empty || q.Match != "" && !doublestar.MatchUnvalidated(q.Match, k.name) {
			continue
		}
		page.Locks = append(page.Locks, o.describeLock(k, q))
	}
	return page, events
}

func (o *oracle) describeLock(k *knownName, q Query) wire.LockInfo {
	holders, waiters := o.users(k.name, true), o.users(k.name, false)
	info := wire.LockInfo{
		Name: k.name, Seq: k.seq, Grants: k.grants,
		Holders: []wire.RequestInfo{}, Holding: len(holders),
		Waiters: []wire.RequestInfo{}, Waiting: len(waiters),
	}
	all := q.HoldersAfter.IsZero() && q.WaitersAfter.IsZero()
	if after, given := q.HoldersAfter.Get(); given || all {
		info.Holders, info.HoldersNext = o.describePart(holders, k.name, after, q.Queue)
	}
	if after, given := q.WaitersAfter.Get(); given || all {
		info.Waiters, info.WaitersNext = o.describePart(waiters, k.name, after, q.Queue)
	}
	return info
}

func (o *oracle) describePart(wishes []*wish, name string, after int64, most int) ([]wire.RequestInfo, wire.Opt[int64]) {
	infos := []wire.RequestInfo{}
	for _, w := range wishes {
		rank := int64(w.arrival)
		if w.held {
			rank = w.token
		}
		if rank <= after {
			continue
		}
		if len(infos) == most {
			return infos, wire.Some(after)
		}
		infos, after = append(infos, o.describe(w, name)), rank
	}
	return infos, wire.Opt[int64]{}
}
