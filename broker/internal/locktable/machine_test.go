package locktable

import (
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A machine is what the tests drive: the table, or the oracle that it is
// compared with.
type machine interface {
	Open(name string, peer wire.Peer)
	Acquire(now time.Duration, a Acquire, events []Event) []Event
	Release(now time.Duration, id wire.ID, events []Event) []Event
	Cancel(now time.Duration, id wire.ID, events []Event) []Event
	Evict(now time.Duration, id wire.ID, by, message string, events []Event) ([]Event, bool)
	Leave(name string, keep time.Duration)
	Unkeep(name string)
	Drop(now time.Duration, name string, budget int, events []Event) ([]Event, bool)
	Shut(now time.Duration, budget int, events []Event) ([]Event, bool)
	Allow(now time.Duration, ceiling int64, events []Event) []Event
	Tick(now time.Duration, events []Event) []Event
	Page(now time.Duration, q Query, events []Event) (Page, []Event)
	Why(now time.Duration, id wire.ID, events []Event) ([]wire.Step, bool, []Event)
	WhyLock(now time.Duration, name string, events []Event) ([]wire.Step, []Event)
	Search(now time.Duration, events []Event) []Event
	Held() int
	Deadline() (time.Duration, bool)
}

var _, _ machine = (*Table)(nil), (*oracle)(nil)

// A command is one call of a machine, as a script writes it.
type command struct {
	verb    string
	session string        // open and drop
	budget  int           // drop and shut; whole when that is done in one go
	keep    time.Duration // drop
	unkeep  bool          // drop, of one that has left
	acquire Acquire       // acquire
	id      wire.ID       // release, cancel, evict and why
	by      string        // evict; open: the identity
	message string        // evict
	name    string        // why of a lock
	ceiling int64         // allow
	time    time.Duration // at and clock
	query   Query         // info
}

// The verbs of scripts. At moves the clock and ticks; Clock moves it and calls
// nothing, so that the next command is the first to see the new time.
const (
	verbOpen     = "open"
	verbAcquire  = "acquire"
	verbRelease  = "release"
	verbCancel   = "cancel"
	verbEvict    = "evict"
	verbDrop     = "drop"
	verbShut     = "shut"
	verbAllow    = "allow"
	verbAt       = "at"
	verbClock    = "clock"
	verbInfo     = "info"
	verbWhy      = "why"
	verbDeadline = "deadline"
	verbHeld     = "held"
	verbSearch   = "search"
)

// An outcome is what a command gave.
type outcome struct {
	Events []Event
	Page   *Page          // of info
	Chain  []wire.Step    // of why
	Done   bool           // of drop and shut; of evict and why: the request is known
	Held   int            // of held
	Due    *time.Duration // of deadline, if there is one
}

// A driver gives commands to a machine and keeps its clock.
type driver struct {
	machine
	now  time.Duration
	left map[string]bool // sessions that have left
}

func (d *driver) do(c command) (o outcome) {
	switch c.verb {
	case verbOpen:
		d.Open(c.session, wire.Peer{Client: "client of " + c.session, Identity: c.by})
	case verbAcquire:
		o.Events = d.Acquire(d.now, c.acquire, nil)
	case verbRelease:
		o.Events = d.Release(d.now, c.id, nil)
	case verbCancel:
		o.Events = d.Cancel(d.now, c.id, nil)
	case verbEvict:
		o.Events, o.Done = d.Evict(d.now, c.id, c.by, c.message, nil)
	case verbShut:
		o.Events, o.Done = d.Shut(d.now, c.budget, nil)
	case verbAllow:
		o.Events = d.Allow(d.now, c.ceiling, nil)
	case verbWhy:
		if c.name != "" {
			o.Chain, o.Events = d.WhyLock(d.now, c.name, nil)
		} else {
			o.Chain, o.Done, o.Events = d.Why(d.now, c.id, nil)
		}
	case verbSearch:
		o.Events = d.Search(d.now, nil)
	case verbHeld:
		o.Held = d.Held()
	case verbDrop:
		if !d.left[c.session] {
			d.Leave(c.session, c.keep)
		}
		if d.left == nil {
			d.left = make(map[string]bool)
		}
		d.left[c.session] = true
		if c.unkeep {
			d.Unkeep(c.session)
		}
		o.Events, o.Done = d.Drop(d.now, c.session, c.budget, nil)
	case verbClock:
		d.now = c.time
	case verbAt:
		d.now = c.time
		o.Events = d.Tick(d.now, nil)
	case verbInfo:
		var page Page
		page, o.Events = d.Page(d.now, c.query, nil)
		o.Page = &page
	case verbDeadline:
		if due, ok := d.Deadline(); ok {
			o.Due = &due
		}
	default:
		panic(fmt.Sprintf("no such verb: %q", c.verb))
	}
	return o
}
