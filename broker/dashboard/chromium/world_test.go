package chromium_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A world is all that happens at a broker in TestModel: clients, and what they have asked for.
type world struct {
	*rand.Rand

	t        *testing.T
	ctx      context.Context
	site     *site
	page     *page
	link     *link // of the page
	observer *peer // asks for nothing but info
	peers    []*peer
	requests []*request
	done     []string // the names of the operations
	counts   map[string]int
}

// A request is one of a client of the world.
type request struct {
	*peer

	id      wire.ID
	expires bool // it holds for a moment only
}

func newWorld(p *page, s *site, l *link, random *rand.Rand) *world {
	ctx, t := p.ctx, p.t
	w := &world{Rand: random, t: t, ctx: ctx, site: s, page: p, link: l, counts: make(map[string]int)}
	w.observer = dialPeer(ctx, t, s, "observer")
	for range 4 {
		w.join()
	}
	return w
}

// join connects one more client.
func (w *world) join() {
	w.peers = append(w.peers, dialPeer(w.ctx, w.t, w.site, fmt.Sprintf("program-%d", w.IntN(5))))
}

// A status says how far a request has come.
type status int

const (
	waits status = iota
	holds
	ended
)

// status returns how far the request has come, by what its client was told.
func (r *request) status() status {
	s := waits
	for _, reply := range r.told(r.id) {
		switch reply.(type) {
		case *wire.Granted:
			s = holds
		case *wire.Lost, *wire.Cancelled, *wire.Released, *wire.Error:
			return ended
		}
	}
	return s
}

// await waits for the reply that changes the status.
func (r *request) awaitChange(from status) {
	for i := 0; r.status() == from; i++ {
		r.await(r.id, i)
	}
}

// settle waits until nothing more happens without another operation, and forgets the requests that have ended.
func (w *world) settle() {
	for again := true; again; {
		again = false
		for _, p := range w.peers {
			p.fence()
		}
		for _, r := range w.requests {
			if r.expires && r.status() == holds {
				r.awaitChange(holds)
				again = true // others may hold now
			}
		}
	}
	live := w.requests[:0]
	for _, r := range w.requests {
		if r.status() != ended {
			live = append(live, r)
		}
	}
	w.requests = live
}

// some returns a random request with that status, or nil.
func (w *world) some(s status) *request {
	for _, i := range w.Perm(len(w.requests)) {
		if r := w.requests[i]; r.status() == s {
			return r
		}
	}
	return nil
}

func (w *world) peer() *peer { return w.peers[w.IntN(len(w.peers))] }

// history names the last operations.
func (w *world) history() string {
	return strings.Join(w.done[max(0, len(w.done)-40):], "\n")
}

// report logs how often each operation was done.
func (w *world) report() { w.t.Log(w.counts) }
