package locktable

import (
	"math"
	"time"

	"github.com/tidwall/btree"

	"github.com/lockbroker/lockbroker/broker/internal/shrink"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Table holds all sessions, requests and locks.
//
// Calls pass the time since the table was made. It must never decrease from one call to
// the next.
type Table struct {
	config Config
	now    time.Duration

	sessions shrink.Map[string, *session]
	locks    nameIndex
	bySeq    *btree.BTreeG[*lock] // the same locks, in order of first use
	idle     idleList             // locks that nobody uses, the least recently used first
	limits   limits               // of holders that are shared with a limit

	waits      heapOf[*request] // waiting requests that have a deadline
	holds      heapOf[*request] // holders that have a deadline
	keeps      heapOf[*session] // sessions that have left and still hold
	held       int              // how many requests hold
	outlive    int              // how many of them are of sessions that outlive the table
	open       int              // how many requests wait, steal or hold
	offRecord  int              // how many of them are of sessions that are not on record
	arrivals   int64            // how many requests have arrived
	requeued   int64            // how many have come from the last run: see Requeue
	reclaiming bool             // requests of the last run may come: see BeginReclaiming
	reclaimed  map[int64]bool   // while reclaiming: the tokens of requests of the last run
	inside     []insideRequest  // still to be looked at: see EndReclaiming
	seqs       int64            // how many locks were made

	token   int64 // of the next grant
	ceiling int64 // tokens must be below it
	shut    bool  // set by Shut: nothing is granted from then on
	shutAt  int64 // since shut: at locks up to this seq, Shut has nothing more to end

	recheck   heapOf[head] // heads of queues that grantWaiting must look at
	grantRoom int          // how many more places this call may look at for that

	search    *search    // the deadlock search under way, or nil
	unmarking *reduction // of the previous search, if its marks are not all removed yet
	searches  int64      // how many searches were begun
	leaves    int64      // how many times a session has left, or was unkept

	steals    list[pendingSteal, *pendingSteal] // in order of arrival
	stealOf   map[*request]*pendingSteal        // the same, by the request that steals
	targets   map[*lock]int                     // the locks of steals: how many steals each has
	stealWait bool                              // the first steal waits for strikes
	strikes   []Strike                          // not taken yet
	stealRoom int                               // how many more places this call may take for steals

	cost  int64 // see Cost
	inUse int   // by all requests: see Account
	bytes int64 // see Bytes

	plain    *extra                  // shared by all requests that need no extra of their own
	ended    list[request, *request] // requests that have ended, to which events may still refer
	requests spares[request]
	extras   spares[extra]
	nests    spares[nest]
}

// New returns an empty table.
func New(config Config) *Table {
	config = config.withDefaults()
	return &Table{
		config:  config,
		locks:   newNameIndex(),
		bySeq:   btree.NewBTreeGOptions((*lock).isOlder, btree.Options{NoLocks: true}),
		idle:    newIdleList(),
		limits:  newLimits(),
		stealOf: make(map[*request]*pendingSteal),
		targets: make(map[*lock]int),
		plain:   &extra{dueIndex: -1},
		token:   config.FirstToken,
		ceiling: config.Ceiling,
	}
}

// Tick does everything that is due at now, or one slice of it.
func (t *Table) Tick(now time.Duration, events []Event) []Event {
	return t.advance(now, events)
}

// Deadline returns the time at which the table next has something to do. It returns false if there
// is no such time. The time is not in the future if a call has left work for the next one.
func (t *Table) Deadline() (time.Duration, bool) {
	if (len(t.recheck) > 0 || t.steals.first != nil && !t.stealWait) && t.granting() {
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

// Held returns how many requests hold their locks. It counts those of sessions that have
// left and are kept.
func (t *Table) Held() int { return t.held }

// HeldForGood returns how many of them are of sessions that outlive the table.
func (t *Table) HeldForGood() int { return t.outlive }

// countHeld counts r among the requests that hold: sign is +1 when it begins to hold, -1 when it ends.
func (t *Table) countHeld(r *request, sign int) {
	t.held += sign
	if r.session.outlives {
		t.outlive += sign
	}
}

// find returns the request with that id if it waits or holds, otherwise nil.
func (t *Table) find(id wire.ID) *request {
	s := t.sessions.Get(id.Session)
	if s == nil || !id.Valid() {
		return nil
	}
	return s.requests.get(id.N)
}
