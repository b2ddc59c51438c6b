package locktable

import (
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A machine is what tests drive: a table, or the oracle that it is compared with.
type machine interface {
	Open(name string, peer wire.Peer)
	CountIn(name string, account *Account)
	Detach(name string)
	Attach(name string, peer wire.Peer, account *Account)
	Recheck(now time.Duration, name string, numbers []int64, events []Event) []Event
	EachRequest(name string, held bool, after int64, budget int, visit func(n int64)) (next int64, done bool)
	Acquire(now time.Duration, a Acquire, events []Event) []Event
	Release(now time.Duration, id wire.ID, events []Event) []Event
	Cancel(now time.Duration, id wire.ID, events []Event) []Event
	Evict(now time.Duration, id wire.ID, by, message string, events []Event) ([]Event, bool)
	Forbid(
		now time.Duration, name string, after int64, budget int, may Check, events []Event,
	) ([]Event, int64, bool)
	Leave(name string, keep time.Duration)
	Unkeep(name string)
	Drop(now time.Duration, name string, budget int, events []Event) ([]Event, bool)
	Shut(now time.Duration, budget int, events []Event) ([]Event, bool)
	Allow(now time.Duration, ceiling int64, events []Event) []Event
	Tick(now time.Duration, events []Event) []Event
	Page(now time.Duration, q Query, events []Event) (Page, []Event)
	Why(now time.Duration, id wire.ID, events []Event) ([]wire.Step, bool, []Event)
	WhyLock(now time.Duration, name string, events []Event) ([]wire.Step, []Event)
	Usage(name string) Usage
	RequestsOf(now time.Duration, name string, most int, events []Event) ([]wire.RequestInfo, []Event)
	Search(now time.Duration, events []Event) []Event
	Held() int
	Deadline() (time.Duration, bool)
}

var _, _ machine = (*Table)(nil), (*oracle)(nil)

// A command is one call of a machine, as a script writes it. Each verb has its own fields; see
// verbs.
type command struct {
	verb    string
	session string
	budget  int // whole if there is none
	keep    time.Duration
	unkeep  bool
	move    bool // a session that is attached counts in the other account from now on
	acquire Acquire
	id      wire.ID
	by      string
	message string
	name    string // of a lock
	ceiling int64
	time    time.Duration
	query   Query
	most    int   // requests to list
	after   int64 // the number of a request, or -1
}

// An outcome is what a command returned.
type outcome struct {
	Events   []Event
	Page     *Page              // of info
	Chain    []wire.Step        // of why
	Usage    Usage              // of session
	Requests []wire.RequestInfo // of session
	Next     int64              // of forbid
	Done     bool               // of drop, shut and forbid; of evict and why: the request is known
	Held     int                // of held
	Due      *time.Duration     // of deadline, if there is one
}

// A driver gives commands to a machine and keeps its clock.
type driver struct {
	machine
	now  time.Duration
	left map[string]bool // sessions that have left

	identities map[string]string // of the sessions that have one
	accounts   [2]Account        // in which the sessions count
	moved      map[string]bool   // sessions that count in the other account
}

// accountOf returns the account in which the requests of a session count.
func (d *driver) accountOf(session string) *Account {
	at := int(session[len(session)-1]) % 2
	if d.moved[session] {
		at = 1 - at
	}
	return &d.accounts[at]
}

// do gives a command to the machine.
func (d *driver) do(c command) outcome {
	verb, known := verbs[c.verb]
	if !known {
		panic(fmt.Sprintf("no such verb: %q", c.verb))
	}
	return verb.do(d, c)
}
