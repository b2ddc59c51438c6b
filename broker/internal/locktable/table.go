package locktable

import (
	"math"
	"time"

	"github.com/tidwall/btree"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Config is what a table must be told.
type Config struct {
	// FirstToken is the fencing token of the first grant, at least 1.
	FirstToken int64
	// Ceiling is above the tokens that may be given out until Allow raises it; a
	// request that comes to it waits. 0: all tokens may be given out.
	Ceiling int64
	// MaxRequests is how many requests of one session may wait or hold at once.
	MaxRequests int
	// MaxIdle is how many names are remembered that nobody holds or waits for;
	// the least recently used are forgotten first.
	MaxIdle int
	// Slice is how much a call does of what is due, counted in places: a request
	// has one at each of its locks. The rest is left to the next call. Default 32.
	Slice int
	// Grants is how many places a call looks at to grant what has become free, and
	// how many it takes from holders whose locks are stolen. The rest is left to the
	// next call. Default 256.
	Grants int
	// Search is how many steps of a search for a deadlock a call does. The rest is left
	// to Search. Default 10,000.
	Search int
}

const (
	defaultSlice  = 32
	defaultGrants = 256
	defaultSearch = 10_000
)

// A Table holds all locks, queues and sessions.
//
// The time that calls pass is the time since the table was made. It must never
// decrease from call to call.
type Table struct {
	config Config
	now    time.Duration

	sessions map[string]*session
	locks    nameIndex
	bySeq    *btree.BTreeG[*lock] // the same locks, in order of first use
	idle     idleList             // those nobody holds or waits for, least recently used first
	limits   limits               // of holders

	waits    heapOf[*request] // those waiting that have a deadline
	holds    heapOf[*request] // those holding that have one
	keeps    heapOf[*session] // those that have left and still hold
	held     int              // how many requests hold
	arrivals int64            // requests so far
	seqs     int64            // locks so far

	token   int64 // of the next grant
	ceiling int64 // above the tokens that may be given out
	shut    bool  // nothing is granted any more
	shutAt  int64 // locks up to this seq have no waiters since

	freed heapOf[head] // heads of queues that settle has to look at

	grantRoom int // how many more places this call may look at for that

	search    *search    // for a deadlock, or nil
	unmarking *reduction // of the search before, whose marks are not all off yet; or nil
	searches  int64      // so far
	leaves    int64      // of sessions, so far

	thefts list[theft, *theft] // under way, in order of arrival
	theft  map[*request]*theft // the same, by who steals
	taken  map[*lock]int       // by so many of them

	takeRoom int // how many more places this call may take from holders for them

	cost    int64 // see Cost
	account Account

	plain    *extra                  // what requests have that have nothing special
	ended    list[request, *request] // in this call, or in the one before
	requests spares[request]
	extras   spares[extra]
	nests    spares[nest]
}

// New returns an empty table.
func New(config Config) *Table {
	if config.Slice == 0 {
		config.Slice = defaultSlice
	}
	if config.Grants == 0 {
		config.Grants = defaultGrants
	}
	if config.Search == 0 {
		config.Search = defaultSearch
	}
	if config.Ceiling == 0 {
		config.Ceiling = wire.MaxInteger + 1
	}
	return &Table{
		config:   config,
		sessions: make(map[string]*session),
		locks:    newNameIndex(),
		bySeq:    btree.NewBTreeGOptions(func(a, b *lock) bool { return a.seq < b.seq }, btree.Options{NoLocks: true}),
		idle:     newIdleList(),
		limits:   newLimits(),
		theft:    make(map[*request]*theft),
		taken:    make(map[*lock]int),
		plain:    &extra{dueIndex: -1},
		token:    config.FirstToken,
		ceiling:  config.Ceiling,
	}
}

// Open begins a session. Its name must be new.
func (t *Table) Open(name string, peer wire.Peer) {
	if t.sessions[name] != nil {
		panic("locktable: session opened twice: " + name)
	}
	t.sessions[name] = &session{name: name, peer: peer, requests: newRequestSet(), keepIndex: -1}
}

// Tick does what is due at now, or a slice of it.
func (t *Table) Tick(now time.Duration, events []Event) []Event {
	return t.advance(now, events)
}

// Deadline returns the time at which there is next something to do, if any. It
// is not in the future when a call has left something to the next.
func (t *Table) Deadline() (time.Duration, bool) {
	if (len(t.freed) > 0 || t.thefts.first != nil) && t.grants() {
		return t.now, true
	}
	due, some := time.Duration(math.MaxInt64), false
	for _, deadlines := range []heapOf[*request]{t.waits, t.holds} {
		if len(deadlines) > 0 {
			due, some = min(due, deadlines[0].due), true
		}
	}
	if len(t.keeps) > 0 {
		due, some = min(due, t.keeps[0].keep), true
	}
	return due, some
}

// NextToken is the fencing token that the next grant would have.
func (t *Table) NextToken() int64 { return t.token }

// Held is how many requests hold their locks, those of sessions that have left
// and are kept among them.
func (t *Table) Held() int { return t.held }

// find returns the live request with that id, or nil.
func (t *Table) find(id wire.ID) *request {
	s := t.sessions[id.Session]
	if s == nil || !id.Valid() {
		return nil
	}
	return s.requests.get(id.N)
}
