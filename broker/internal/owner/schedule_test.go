package owner

import (
	"flag"
	"strings"
	"testing"
)

var (
	schedules = flag.Uint64("schedules", 100, "how many schedules TestSchedules runs")
	from      = flag.Uint64("from", 0, "the seed of the first schedule")
	search    = flag.Bool("search", false, "search for the first schedule that catches each broken rule")
	seed      = flag.Int64("seed", -1, "run only this schedule, and print what happens")
)

// TestSchedules runs schedules of five minutes with three brokers, and checks that no two clients treat the same lock
// as held, that tokens rise, and that no client keeps a lock that was taken from it.
//
//	go test ./broker/internal/owner -run Schedules -schedules 24000      more of them; also -from SEED
//	go test ./broker/internal/owner -run Schedules -seed 42              one of them, with all that happens
//	go test ./broker/internal/owner -run Broken -search -schedules 3000  the first that catches each broken rule
func TestSchedules(t *testing.T) {
	if *seed >= 0 {
		w := newWorld(uint64(*seed), breakage{})
		w.logs = true
		err := w.run()
		t.Fatalf("%s\n%v, %+v", strings.Join(w.log, "\n"), err, w.counts)
	}
	var all counts
	for i := range *schedules {
		w := newWorld(*from+i, breakage{})
		if err := w.run(); err != nil {
			t.Fatalf("seed %d: %v", *from+i, err)
		}
		all.add(w.counts)
	}
	t.Logf("%+v", all)
	enough := all.grants > 500 && all.takeovers > 200 && all.accepted > 5 && all.inherited > 0 && all.resigned > 20 && all.purged > 0 && all.evictions > 20
	if *schedules >= 100 && !enough {
		t.Error("too little has happened to prove anything")
	}
}

func (c *counts) add(o counts) {
	c.grants += o.grants
	c.takeovers += o.takeovers
	c.resumed += o.resumed
	c.accepted += o.accepted
	c.inherited += o.inherited
	c.resigned += o.resigned
	c.handOvers += o.handOvers
	c.purged += o.purged
	c.evictions += o.evictions
}

// brokenRules lists the rules that a broker can break, and the first schedule that catches it.
var brokenRules = []struct {
	name   string
	breaks breakage
	seed   uint64
}{
	{"no grace period", breakage{noGrace: true}, 0},
	{"a grace period of T", breakage{graceOfTimeout: true}, 207},
	{"a grace period that ignores the earlier owner's", breakage{ownGrace: true}, 571},
	{"the grace period ends with one session missing", breakage{oneMissing: true}, 9},
	{"a grant before the session is on record", breakage{grantsFirst: true}, 300},
	{"unguarded writes", breakage{unguarded: true}, 0},
	{"connections need no write after their hello", breakage{trustsHello: true}, 93},
	{"no answer gate", breakage{noGate: true}, 138},
	{"sessions are taken up that are not on record", breakage{resumesAnyone: true}, 5},
	{"an eviction is not on record", breakage{evictsFirst: true}, 38},
	{"the end of a session is not on record", breakage{endsFirst: true}, 13},
	{"sessions that cannot be taken up are not on record", breakage{forgetsPlain: true}, 204},
	{"a named broker grants without what the snapshot says", breakage{ignoresSnapshot: true}, 18},
	{"a broker uses a snapshot that the record does not name", breakage{anySnapshot: true}, 0},
}

// Each rule is needed: a schedule catches brokers that break it.
func TestBrokenRulesAreCaught(t *testing.T) {
	for _, rule := range brokenRules {
		first, last := rule.seed, rule.seed
		if *search {
			first, last = 0, *schedules
		}
		var err error
		for s := first; s <= last && err == nil; s++ {
			if err = newWorld(s, rule.breaks).run(); err != nil && *search {
				t.Logf("%s: seed %d: %v", rule.name, s, err)
			}
		}
		if err == nil {
			t.Errorf("%s: no schedule catches it", rule.name)
		}
	}
}
