package locktable

import (
	"slices"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// obstacle returns who is in the way of r.
func (o *oracle) obstacle(r *oracleRequest) *Obstacle {
	obstacle := &Obstacle{}
	var seen []*oracleRequest
	for _, spec := range r.Locks {
		for _, holder := range o.users(spec.Name, true) {
			if !slices.Contains(seen, holder) && len(obstacle.Holders) < 8 {
				seen = append(seen, holder)
				obstacle.Holders = append(obstacle.Holders, o.describe(holder, spec.Name))
				obstacle.On = append(obstacle.On, spec.Name)
			}
		}
		for _, other := range o.users(spec.Name, false) {
			if !slices.Contains(seen, other) && other.arrival < r.arrival && obstacle.Ahead < 1000 {
				seen = append(seen, other)
				obstacle.Ahead++
			}
		}
	}
	return obstacle
}

// describe describes r as seen from one of its locks.
func (o *oracle) describe(r *oracleRequest, name string) wire.RequestInfo {
	spec, _ := r.on(name)
	info := wire.RequestInfo{
		ID: r.ID, Author: r.Author, Mode: spec.Mode, Limit: spec.Limit, Token: r.token,
		DurationMS: int64((o.now - r.since) / time.Millisecond),
		Peer:       o.peers[r.ID.Session],
		Gone:       o.absent[r.ID.Session] || r.held && o.leaving[r.ID.Session],
	}
	for _, s := range r.Locks {
		info.Locks = append(info.Locks, s.Name)
	}
	if at := slices.IndexFunc(r.around, func(id wire.ID) bool { return o.find(id) != nil }); at >= 0 {
		info.Parent = r.around[at]
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
		info.Holders, info.HoldersNext = o.describeList(holders, k.name, after, q.Queue)
	}
	if after, given := q.WaitersAfter.Get(); given || all {
		info.Waiters, info.WaitersNext = o.describeList(waiters, k.name, after, q.Queue)
	}
	return info
}

// describeList describes the requests of a list beyond the rank after, but at most that many. If
// there are more, it returns the rank after which they come.
func (o *oracle) describeList(
	list []*oracleRequest, name string, after int64, most int,
) ([]wire.RequestInfo, wire.Opt[int64]) {
	infos := []wire.RequestInfo{}
	for _, r := range list {
		rank := int64(r.arrival)
		if r.held {
			rank = r.token
		}
		if rank <= after {
			continue
		}
		if len(infos) == most {
			return infos, wire.Some(after)
		}
		infos, after = append(infos, o.describe(r, name)), rank
	}
	return infos, wire.Opt[int64]{}
}
