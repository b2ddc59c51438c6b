package chromium_test

import (
	"fmt"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// most is how many requests the world has before it ends more than it makes.
const most = 50

// An operation is something that clients, or the page, may do at any time.
type operation struct {
	name   string
	weight int
	do     func(w *world)
}

var calm = []operation{
	{"acquire", 30, (*world).acquireOne},
	{"acquire several", 12, (*world).acquireSeveral},
	{"acquire inside", 10, (*world).acquireInside},
	{"try", 4, (*world).try},
	{"time out", 6, (*world).timeOut},
	{"expire", 6, (*world).expire},
	{"steal", 4, (*world).steal},
	{"release", 30, (*world).release},
	{"cancel", 12, (*world).cancel},
	{"evict", 6, (*world).evict},
	{"drop", 3, (*world).drop},
	{"crowd", 1, (*world).crowd},
	{"many names", 1, (*world).manyNames},
}

// rough are the operations that make the page miss changes. Others happen meanwhile, and while the page reads again.
var rough = []operation{
	{"cut", 2, (*world).cutLink},
	{"lag", 1, (*world).lag},
}

// operate does one operation, and waits until it has had all its effects.
func (w *world) operate() {
	if w.IntN(25) == 0 {
		w.do(rough)
		return
	}
	w.do(calm)
}

func (w *world) do(all []operation) {
	sum := 0
	for _, o := range all {
		sum += o.weight
	}
	at := w.IntN(sum)
	for _, o := range all {
		if at -= o.weight; at < 0 {
			w.done = append(w.done, o.name)
			w.counts[o.name]++
			o.do(w)
			break
		}
	}
	w.settle()
}

// name returns the name of one of a few locks.
func (w *world) name() string {
	names := []string{"a", "b", "c", "d", "orders/1", "orders/2", "<i>", crowded}
	return names[w.IntN(len(names))]
}

// locks returns several locks in any modes.
func (w *world) locks(number int) (all []wire.LockSpec) {
	seen := make(map[string]bool)
	for len(all) < number {
		spec := wire.LockSpec{Name: w.name()}
		if seen[spec.Name] {
			continue
		}
		seen[spec.Name] = true
		if w.IntN(2) == 0 {
			spec.Mode = wire.Shared
			if w.IntN(2) == 0 {
				spec.Limit = wire.Some(1 + w.IntN(3))
			}
		}
		all = append(all, spec)
	}
	return all
}

// request makes a request, and waits until the broker has handled it.
func (w *world) request(m wire.Acquire) *request {
	p := w.peer()
	m.Author = []string{"", "invoice", "nightly", "repair"}[w.IntN(4)]
	r := &request{peer: p, id: p.acquire(m), expires: !m.HoldMS.IsZero()}
	w.requests = append(w.requests, r)
	for range min(12, len(w.requests)-most) {
		w.end(w.requests[w.IntN(len(w.requests))])
	}
	return r
}

func (w *world) acquireOne()     { w.request(wire.Acquire{Locks: w.locks(1)}) }
func (w *world) acquireSeveral() { w.request(wire.Acquire{Locks: w.locks(2 + w.IntN(3))}) }

func (w *world) acquireInside() {
	if outer := w.some(holds); outer != nil {
		w.request(wire.Acquire{Locks: w.locks(1), Parent: outer.id})
	}
}

func (w *world) try() { w.request(wire.Acquire{Locks: w.locks(1), WaitMS: wire.Some(int64(0))}) }

func (w *world) timeOut() {
	w.request(wire.Acquire{Locks: w.locks(1), WaitMS: wire.Some(int64(1))}).awaitChange(waits)
}

func (w *world) expire() { w.request(wire.Acquire{Locks: w.locks(1), HoldMS: wire.Some(int64(1))}) }

func (w *world) steal() {
	w.request(wire.Acquire{Locks: locks(w.name()), Steal: true})
}

func (w *world) release() {
	if r := w.some(holds); r != nil {
		r.ask(r.id, &wire.Release{ID: r.id})
	}
}

func (w *world) cancel() {
	if r := w.some(status(w.IntN(2))); r != nil {
		w.end(r)
	}
}

func (w *world) end(r *request) {
	if r.status() != ended {
		r.ask(r.id, &wire.Cancel{ID: r.id})
	}
}

func (w *world) evict() {
	if r := w.some(status(w.IntN(2))); r != nil {
		p := w.peer()
		id := p.open()
		p.ask(id, &wire.Evict{ID: id, Request: r.id, Message: "stuck"})
	}
}

// drop ends the connection of a client, and with it all its requests.
func (w *world) drop() {
	i := w.IntN(len(w.peers))
	p := w.peers[i]
	w.peers = append(w.peers[:i], w.peers[i+1:]...)
	p.drop()
	left := w.requests[:0]
	for _, r := range w.requests {
		if r.peer != p {
			left = append(left, r)
		}
	}
	w.requests = left
	for w.knows(p.session) && w.ctx.Err() == nil { // the broker has not noticed yet
		w.observer.fence()
	}
	w.join()
}

// knows reports whether the broker lists requests of a session.
func (w *world) knows(session string) bool {
	for _, lock := range w.observer.info() {
		for _, r := range append(lock.Holders, lock.Waiters...) {
			if r.ID.Session == session {
				return true
			}
		}
	}
	return false
}

// crowded is the lock for which many wait, so that a listing has it in several parts.
const crowded = "crowded"

func (w *world) crowd() {
	p := w.peer()
	for range 110 + w.IntN(150) {
		m := &wire.Acquire{ID: p.open(), Locks: locks(crowded)}
		p.send(m)
		w.requests = append(w.requests, &request{peer: p, id: m.ID})
	}
	p.fence()
}

// manyNames makes a request of which a listing takes several pages.
func (w *world) manyNames() {
	w.request(wire.Acquire{Locks: longNames()})
}

// longNames returns locks whose names are as long as names may be.
func longNames() (all []wire.LockSpec) {
	for i := range 60 {
		all = append(all, wire.LockSpec{Name: fmt.Sprintf("long/%02d/%s", i, strings.Repeat("n", 400))})
	}
	return all
}
