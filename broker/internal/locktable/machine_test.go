package locktable

import (
	"fmt"
	"math"
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
	Leave(name string)
	Drop(now time.Duration, name string, budget int, events []Event) ([]Event, bool)
	Tick(now time.Duration, events []Event) []Event
	Page(now time.Duration, q Query, events []Event) (Page, []Event)
	Deadline() (time.Duration, bool)
}

var _, _ machine = (*Table)(nil), (*oracle)(nil)

// A command is one call of a machine, as a script writes it.
type command struct {
	verb    string
	session string        // open and drop
	budget  int           // drop; whole when it is dropped in one go
	acquire Acquire       // acquire
	id      wire.ID       // release and cancel
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
	verbDrop     = "drop"
	verbAt       = "at"
	verbClock    = "clock"
	verbInfo     = "info"
	verbDeadline = "deadline"
)

const whole = math.MaxInt

// An outcome is what a command gave.
type outcome struct {
	Events []Event
	Page   *Page          // of info
	Done   bool           // of drop
	Due    *time.Duration // of deadline, if there is one
}

// A driver gives commands to a machine and keeps its clock.
type driver struct {
	machine
	now time.Duration
}

func (d *driver) do(c command) (o outcome) {
	switch c.verb {
	case verbOpen:
		d.Open(c.session, wire.Peer{Client: "client of " + c.session})
	case verbAcquire:
		o.Events = d.Acquire(d.now, c.acquire, nil)
	case verbRelease:
		o.Events = d.Release(d.now, c.id, nil)
	case verbCancel:
		o.Events = d.Cancel(d.now, c.id, nil)
	case verbDrop:
		d.Leave(c.session)
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
