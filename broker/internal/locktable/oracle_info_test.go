package locktable

import (
	"slices"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire"
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
	if o.find(w.Parent) != nil {
		info.Parent = w.Parent
	}
	return info
}

func (o *oracle) Page(now time.Duration, q Query, events []Event) (Page, []Event) {
	events = o.Tick(now, events)
	page := Page{Locks: []wire.LockInfo{}}
	last := q.After
	for _, k := range o.names {
		if k.seq <= q.After {
			continue
		}
		if name, plain := wire.GlobName(q.Match); plain && name != k.name {
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
		holders, waiters := o.users(k.name, true), o.users(k.name, false)
		page.Locks = append(page.Locks, wire.LockInfo{
			Name: k.name, Seq: k.seq, Grants: k.grants,
			Holders: o.describeAll(holders, k.name, q.Queue), Holding: len(holders),
			Waiters: o.describeAll(waiters, k.name, q.Queue), Waiting: len(waiters),
		})
	}
	return page, events
}

func (o *oracle) describeAll(wishes []*wish, name string, most int) []wire.RequestInfo {
	infos := []wire.RequestInfo{}
	for _, w := range wishes[:min(most, len(wishes))] {
		infos = append(infos, o.describe(w, name))
	}
	return infos
}
