package locktable

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A tally counts how often programs came to what they are there to try.
type tally struct {
	searched    int // searches that ended in a call that goes on with them
	interrupted int // that another call brought to their end
	deadlocks   int // among these
	givenUp     int
	leftGrants  int // calls that left grants to the next
	leftSteals  int // and steals
	besides     int // nested requests that waited beside others inside the same
	across      int // requests inside one of another session
}

// count counts what a command gave, when a search for that id was under way before.
func (n *tally) count(c command, o outcome, asked wire.ID, t *Table) {
	if !asked.IsZero() && (t.search == nil || t.search.candidate.id() != asked) {
		n.ended(c, o, asked)
	}
	for _, e := range o.Events {
		if r := t.find(e.ID); r != nil && r.outer != nil && r.outer.parent != nil && (e.Kind == Queued || e.Kind == Granted) {
			n.nested(r)
		}
	}
	if len(t.recheck) > 0 && t.granting() {
		n.leftGrants++
	}
	if t.steals.first != nil && t.granting() {
		n.leftSteals++
	}
}

func (n *tally) nested(r *request) {
	if r.state == waiting && len(r.outer.requests) > 1 {
		n.besides++
	}
	if r.outer.parent.session != r.session {
		n.across++
	}
}

func (n *tally) ended(c command, o outcome, asked wire.ID) {
	for _, e := range o.Events {
		if e.ID != asked {
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
	n.givenUp++
}

// TestProgramsTryAll: random programs come often enough to what is done bit by bit, with
// other calls in between.
func TestProgramsTryAll(t *testing.T) {
	var n tally
	for seed := range uint64(80) {
		p := &program{bytes: randomBytes(seed, 1200), tally: &n}
		if err := p.run(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%+v", n)
	if n.searched < 15 || n.interrupted < 50 || n.deadlocks < 25 || n.givenUp < 1 ||
		n.leftGrants < 40 || n.leftSteals < 25 || n.besides < 25 || n.across < 40 {
		t.Errorf("too few of some: %+v", n)
	}
}
