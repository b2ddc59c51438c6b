package locktable

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A tally counts how often programs reached the situations that they should reach.
type tally struct {
	searched    int // searches that a call of Search finished
	interrupted int // searches that another call had to finish
	deadlocks   int // how many of these found a deadlock
	abandoned   int // searches that were abandoned
	leftGrants  int // calls that left grants to the next
	leftSteals  int // calls that left steals to the next
	besides     int // nested requests that waited beside others with the same parent
	across      int // requests with a parent of another session
	absent      int // calls after which a waiting request could be granted if its session were not absent
	attached    int // requests that were granted when their session was no longer absent
}

// count counts what a command has caused. If candidate is not zero, a search for it was under way
// before.
func (n *tally) count(c command, o outcome, candidate wire.ID, t *Table) {
	if !candidate.IsZero() && (t.search == nil || t.search.candidate.id() != candidate) {
		n.ended(c, o, candidate)
	}
	for _, e := range o.Events {
		r := t.find(e.ID)
		if begun := e.Kind == Queued || e.Kind == Granted; begun && r != nil && !r.parentID().IsZero() {
			n.nested(r)
		}
	}
	n.countAbsence(c, o, t)
	if len(t.recheck) > 0 && t.granting() {
		n.leftGrants++
	}
	if t.steals.first != nil && t.granting() {
		n.leftSteals++
	}
}

// countAbsence counts what absent sessions are not granted, and what they are granted later.
func (n *tally) countAbsence(c command, o outcome, t *Table) {
	for _, e := range o.Events {
		if c.verb == verbAttach && e.Kind == Granted && e.ID.Session == c.session {
			n.attached++
		}
	}
	for r := range t.allRequests() {
		absent := r.session.absent && !r.session.leaving
		if absent && r.state == waiting && t.granting() && bruteGrantable(t, r) {
			n.absent++
			return
		}
	}
}

// nested counts a nested request that is queued or granted.
func (n *tally) nested(r *request) {
	if r.state == waiting && len(r.outer.requests) > 1 {
		n.besides++
	}
	if r.outer.parent.session != r.session {
		n.across++
	}
}

// ended counts how a search ended.
func (n *tally) ended(c command, o outcome, candidate wire.ID) {
	for _, e := range o.Events {
		if e.ID != candidate {
			continue
		}
		if c.verb == verbSearch {
			n.searched++
			return
		}
		n.interrupted++
		if e.Code == wire.Deadlock {
			n.deadlocks++
		}
		return
	}
	n.abandoned++
}

// Random programs often enough cause work that is done in slices, with other calls in between.
func TestProgramsTryEverything(t *testing.T) {
	var n tally
	for seed := range uint64(80) {
		p := &program{bytes: randomBytes(seed, 1200), tally: &n}
		if err := p.run(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%+v", n)
	if n.searched < 15 || n.interrupted < 50 || n.deadlocks < 25 || n.abandoned < 1 ||
		n.leftGrants < 40 || n.leftSteals < 25 || n.besides < 25 || n.across < 40 ||
		n.absent < 100 || n.attached < 5 {
		t.Errorf("too few of some: %+v", n)
	}
}
