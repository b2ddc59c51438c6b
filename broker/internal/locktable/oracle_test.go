package locktable

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An oracle does what a table does, in the simplest way. It has one list of all requests in the
// order of arrival. It computes everything else anew each time, from the words of the protocol.
// It is slow and short, and shares no code with the table.
type oracle struct {
	config     Config
	now        time.Duration
	requests   []*oracleRequest
	peers      map[string]wire.Peer     // of the open sessions
	leaving    map[string]bool          // sessions that have left
	endsAnyway map[string]bool          // in a future: sessions whose holders wait for nobody
	absent     map[string]bool          // sessions without a connection
	accounts   map[string]*Account      // in which the requests of sessions count
	keep       map[string]time.Duration // when the locks of a session that has left are released
	kept       map[string]bool          // sessions that were dropped and still hold
	ceiling    int64
	shut       bool
	shutAt     int64          // since shut: names up to this seq have no waiters
	refused    *refusal       // the latest because of a deadlock
	pace       *pace          // nil: the oracle does not keep the table's pace
	names      []*knownName   // in order of first use
	candidate  *oracleRequest // the request for which a deadlock search is under way
	steals     []*oracleSteal // steals under way, in order of arrival
	stealRoom  int            // how many more places this call may take for steals
	coming     wire.ID        // the ID of an acquire whose turn has not come yet
	arrivals   int
	tokens     int64
	seqs       int64
	rests      int // counts how often a name went out of use
}

// An oracleRequest is a request of the oracle.
type oracleRequest struct {
	Acquire
	arrival  int
	held     bool
	around   []wire.ID                // the requests around it, the innermost first; some may have ended
	leftThen map[string]bool          // a candidate: the sessions that had left when it came
	keepThen map[string]time.Duration // a candidate: when their locks would be released, as known when it came
	token    int64
	since    time.Duration
}

func newOracle(config Config) *oracle {
	return &oracle{
		config:  config,
		peers:   make(map[string]wire.Peer),
		leaving: make(map[string]bool),
		absent:  make(map[string]bool), accounts: make(map[string]*Account),
		keep:    make(map[string]time.Duration),
		kept:    make(map[string]bool),
		tokens:  config.FirstToken,
		ceiling: cmp.Or(config.Ceiling, wire.MaxInteger+1),
	}
}

func (o *oracle) Open(name string, peer wire.Peer) { o.peers[name] = peer }

func (o *oracle) CountIn(name string, account *Account) { o.accounts[name] = account }

func (o *oracle) Detach(name string) {
	o.absent[name] = true
	o.abandon(name)
}

func (o *oracle) Attach(name string, peer wire.Peer, account *Account) {
	delete(o.absent, name)
	o.peers[name], o.accounts[name] = peer, account
}

func (o *oracle) Recheck(now time.Duration, _ string, _ []int64, events []Event) []Event {
	return o.grantAll(o.answer(o.Tick(now, events)))
}

// EachRequest visits all at once, whatever the budget is.
func (o *oracle) EachRequest(name string, held bool, _ int64, _ int, visit func(n int64)) (int64, bool) {
	for _, r := range o.ofSession(name, held) {
		visit(r.ID.N)
	}
	return 0, true
}

func (o *oracle) Leave(name string, keep time.Duration) {
	o.leaving[name], o.keep[name] = true, keep
	o.abandon(name)
}

// abandon abandons the deadlock search for a session.
func (o *oracle) abandon(name string) {
	if o.candidate != nil && o.candidate.ID.Session == name {
		o.candidate = nil
	}
}

func (o *oracle) Unkeep(name string) {
	o.keep[name] = 0
	delete(o.kept, name)
}

func (o *oracle) Tick(now time.Duration, events []Event) []Event {
	o.now = now
	o.stealRoom = cmp.Or(o.config.Grants, defaultGrants)
	slice := o.config.Slice
	events = o.endDue(&slice, events)
	events = o.endKept(&slice, events)
	return o.grantAll(o.continueSteals(events))
}

// endDue ends the requests whose deadline has come, as far as the slice goes.
func (o *oracle) endDue(slice *int, events []Event) []Event {
	for _, r := range append(o.due(false), o.due(true)...) {
		if *slice <= 0 {
			break
		}
		*slice -= len(r.Locks)
		events = o.answer(events)
		event := o.endOf(r, Event{Kind: Lost, Lost: wire.LostExpired})
		if !r.held {
			event = o.endOf(r, Event{Kind: TimedOut, Obstacle: o.obstacle(r)})
		}
		o.remove(r)
		events = append(events, event)
	}
	return events
}

// endKept ends the requests of sessions that are no longer kept, as far as the slice goes.
func (o *oracle) endKept(slice *int, events []Event) []Event {
	for _, name := range slices.SortedFunc(maps.Keys(o.kept), func(a, b string) int {
		return cmp.Or(cmp.Compare(o.keep[a], o.keep[b]), cmp.Compare(a, b))
	}) {
		for *slice > 0 && o.keep[name] <= o.now && o.kept[name] {
			r := o.nextToEnd(name)
			*slice -= len(r.Locks)
			events = o.answer(events)
			o.remove(r)
			events = append(events, o.endOf(r, Event{Kind: Gone}))
		}
	}
	return events
}

// Search answers the request of the search, if the table does.
func (o *oracle) Search(now time.Duration, events []Event) []Event {
	return o.answer(o.Tick(now, events))
}

func (o *oracle) Deadline() (time.Duration, bool) {
	if o.pace.leftOver {
		return o.now, true
	}
	first, found := time.Duration(0), false
	for name := range o.kept {
		if !found || o.keep[name] < first {
			first, found = o.keep[name], true
		}
	}
	for _, r := range o.requests {
		if d, ok := r.deadline(); ok && (!found || d < first) {
			first, found = d, true
		}
	}
	return first, found
}

// deadline returns when the request times out or expires in its present state, and whether it does.
func (r *oracleRequest) deadline() (time.Duration, bool) {
	if r.held {
		return r.since + r.Hold, r.Hold > 0
	}
	if r.Wait == Forever {
		return 0, false
	}
	return r.since + r.Wait, true
}

// isLate reports whether a request has waited long enough. A request that may not wait at all
// may still be granted when it comes.
func (r *oracleRequest) isLate(now time.Duration) bool {
	due, limited := r.deadline()
	return limited && r.since < due && due <= now
}

// due returns the holders, or the waiters, whose deadline has come, the earliest first.
func (o *oracle) due(held bool) []*oracleRequest {
	var due []*oracleRequest
	for _, r := range o.requests {
		if d, ok := r.deadline(); ok && r.held == held && d <= o.now {
			due = append(due, r)
		}
	}
	slices.SortStableFunc(due, func(a, b *oracleRequest) int {
		x, _ := a.deadline()
		y, _ := b.deadline()
		return cmp.Compare(x, y)
	})
	return due
}

// Held returns how many requests hold.
func (o *oracle) Held() int { return len(o.heldIDs()) }

// heldIDs returns the ids of the requests that hold.
func (o *oracle) heldIDs() (ids []wire.ID) {
	for _, r := range o.requests {
		if r.held {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// find returns the request with that id, or nil.
func (o *oracle) find(id wire.ID) *oracleRequest {
	for _, r := range o.requests {
		if r.ID == id {
			return r
		}
	}
	for _, s := range o.steals {
		if s.ID == id {
			return s.oracleRequest
		}
	}
	return nil
}
