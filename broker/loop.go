package broker

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/fence"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/internal/metrics"
	"github.com/lockbroker/lockbroker/broker/internal/shrink"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// sliceRest is how long the loop rests between two slices of its work, after it has taken a breath. On
// Linux an idle processor sleeps for a millisecond at least, so other programs can run, too.
const sliceRest = 20 * time.Microsecond

// A loop is the one goroutine that owns the core and its lock table. It collects what sessions have
// put into the inbox, gives each session its turns, calls the core, and puts the events of the lock
// table into the outboxes of the sessions concerned. While it serves, it never waits for a client.
//
// Work that can block runs on other goroutines, started by aside. There are two exceptions: deliver
// itself writes the log lines of debug level, so that they stay in order; and the loop waits for
// the disk before its first round and after its last.
type loop struct {
	config     Config
	inbox      *inbox
	core       *core.Machine    // decides; nil until the loop serves
	table      *locktable.Table // of the core; only for answers to questions
	supply     *fence.Supply
	member     *member         // nil: the broker is alone
	recorder   *fence.Recorder // nil: no session comes back after a crash
	unrecorded []*session      // wait until the record has changed
	stored     int             // changes of the record that are stored, and that the core has not been told of
	start      time.Time
	at         time.Duration // the time of the current round, since start

	sessions    shrink.Map[string, *session] // by name; only those that have not ended
	roster      roster                       // the same sessions, in the order of opening
	shares      shrink.Map[string, *share]   // by name; those with sessions, or with requests of ended sessions
	emptyShares []*share                     // shares that may have no sessions left
	scheduler   scheduler
	pages       pageLimit
	searching   *session   // the session for which a search is under way, or nil
	heldBack    []*session // sessions that wait until the search ends
	stealing    map[wire.ID]steal
	evicting    map[wire.ID][]pendingEvict // by the request that is evicted
	absences    map[string]*absence        // by the name of the session; nil until the first
	asked       *wire.Acquire              // the one that is being handled, or nil

	delivered    int64 // how many events so far
	reservations int64 // of tokens, so far
	listed       int64 // how many steps listings of clients have taken so far
	collected    int   // how many items the latest round has taken from the inbox
	maintained   bool  // maintenance was the last long work done
	watching     watching
	sight        sight
	unsent       *unsentTotal

	quota       *Quota // the one that the core has; nil until it has one
	newestQuota atomic.Pointer[Quota]
	refusals    *refusals

	memory     *memoryLimit
	memoryFull bool  // as of this round
	queued     int64 // units of all backlogs, as far as the loop has collected them
	stated     int   // weight of the statements of clients that take up sessions

	keepsRecord bool
	over        context.Context // ends with the loop
	moves       bool            // what sessions hold and wait for goes on in the next run
	tokenRange  int64
	refuse      func()       // makes the broker refuse connections; called when the drain begins
	aside       func(func()) // runs what may block, such as writing a log line, on another goroutine
	watchdog    watchdog
	grants      *grantStatus
	logs        *logLimits
	tally       *metrics.Tally
	deadlocks   *refusedDeadlocks // nil without a dashboard
	counters    *counters
	breather    *breather

	batch  []item            // reused
	spare  spareTodos        // reused
	events []locktable.Event // reused
}

func newLoop(config Config, in *inbox) *loop {
	l := &loop{
		config:   config,
		inbox:    in,
		roster:   newRoster(),
		watching: newWatching(config),
		pages:    pageLimit{most: config.MaxPages},
		unsent:   &unsentTotal{most: config.MaxDue},
		stealing: make(map[wire.ID]steal),
		evicting: make(map[wire.ID][]pendingEvict),
		tally:    metrics.NewTally(config.MetricsLocks, config.MaxMetricsLocks),

		moves:      (config.StateDir != "" || config.Cluster != nil) && !config.DrainAll,
		tokenRange: fence.Range,
	}
	if config.Dashboard != nil {
		l.deadlocks = &refusedDeadlocks{}
	}
	l.newestQuota.Store(&config.Quota)
	return l
}

// run serves until ctx ends, and then until the broker is drained. Its error says what is wrong
// with the fencing tokens.
func (l *loop) run(ctx context.Context, source fence.Source) (err error) {
	if err := l.begin(source); err != nil {
		return errors.Join(err, l.stop())
	}
	ended := ctx.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for !l.core.IsDrained(l.now()) {
		select {
		case <-ended:
			ended = nil
			l.readClock()
			if !l.core.IsDraining() {
				l.beginDrain()
			}
		case <-l.inbox.wake:
			l.letReadersRun()
		case <-timer.C:
		case limit := <-l.supply.Reserved():
			l.tokensReserved(limit)
		case changes := <-l.recorder.Stored():
			l.recorded(changes)
		case <-l.member.calls():
			l.heedMember()
		case <-l.member.ends():
			l.abandon()
			return ErrNotOwner
		}
		l.watchdog.begin()
		l.round()
		l.watchdog.end()
		l.countRound()
		l.keepRecord()
		l.keepTokens()
		if l.core.OutOfTokens() && !l.core.IsDraining() {
			err = ErrNoTokens
			l.beginDrain()
		}
		if next, ok := l.nextDeadline(); ok {
			if next <= l.now()+sliceRest { // between slices
				l.breather.breathe()
			}
			timer.Reset(next - l.now())
		}
	}
	return errors.Join(err, l.stop())
}

// round does one slice of everything that there is to do. The loop's clock stands still during a
// round, which takes a few milliseconds at most.
func (l *loop) round() {
	l.readClock()
	if l.core.CanAllow(l.now()) {
		l.allow()
	}
	l.collected = l.collect()
	l.checkMemory()
	left := l.tick(stepsOfSlice)
	l.serve()
	l.tick(left)           // what the first call left undone
	if l.unsent.isOver() { // readers put pongs into outboxes, so reply alone cannot check this
		l.cutSlowest()
	}
	l.watching.endQuiet(l.now())
}

func (l *loop) readClock() { l.at = time.Since(l.start) }

// now returns the time for the lock table: when the current round began, since the loop's start.
func (l *loop) now() time.Duration { return l.at }

// nextDeadline returns when the loop next has something to do, if ever.
func (l *loop) nextDeadline() (time.Duration, bool) {
	now := l.now()
	due, some := l.core.Deadline(now)
	if until, quiet := l.watching.nextDeadline(); quiet && (!some || until < due) {
		due, some = until, true
	}
	if l.isUnfinished() || some && due <= now { // the core may have left work as well
		return now + sliceRest, true
	}
	return due, some
}

// letReadersRun lets other runnable readers put their items into the inbox, so that one round
// serves them all. The loop goes on at once instead if sessions are already waiting for turns, or if
// the round before had only one item: then there is probably no other reader, and the one that has
// woken the loop would only find that there is nothing more to read.
func (l *loop) letReadersRun() {
	if l.collected > 1 && !l.scheduler.any() {
		runtime.Gosched()
	}
}

// collect takes all items from the inbox, and returns how many. Notices, changes of rights and inquiries are handled at
// once; every other item joins its session's todo list.
func (l *loop) collect() (items int) {
	var since time.Time
	l.batch, since = l.inbox.takeAll(l.batch[:0])
	if len(l.batch) > 0 {
		l.tally.Waited(time.Since(since))
	}
	for i := range l.batch {
		it := &l.batch[i]
		s := it.session
		switch what := it.what.(type) {
		case notice:
			l.note(s, what)
		case *rights:
			l.setRights(s, what)
		case *ending:
			s.closing = true
			l.enqueue(s, it)
		case *inquiry:
			what.answer(l)
		default:
			l.enqueue(s, it)
		}
		*it = item{} // so that what it refers to can be freed
	}
	return len(l.batch)
}

// enqueue adds an item to the todo list of its session.
func (l *loop) enqueue(s *session, it *item) {
	if s.share == nil { // it was refused when it opened
		return
	}
	l.queued += int64(it.units)
	s.todo.push(*it, &l.spare)
	l.queue(s)
}

// note handles a notice.
func (l *loop) note(s *session, n notice) {
	switch n {
	case noticeOpened:
		l.open(s)
	case noticePageSent:
		l.pageSent(s)
	case noticeLogged:
		l.endAudit(s)
	}
}

// spent returns how many steps the loop has taken so far, in the table and elsewhere.
func (l *loop) spent() int64 {
	return l.table.Cost() + l.watching.spent + l.sight.spent() + l.listed + l.delivered*stepsOfEvent
}

// spentSince returns how many steps the loop has taken since spent returned the value before.
func (l *loop) spentSince(before int64) int { return int(l.spent() - before) }

// handle handles an item whose turn it is.
func (l *loop) handle(it item) {
	s := it.session
	switch m := it.what.(type) {
	case *ending:
		l.end(s, *m)
	case wire.Reply:
		l.discardAfterError(s, m)
		l.reply(s, m)
	case wire.Request:
		// Requests of a session that was cut off are dropped. If the session's reader has
		// ended, so are requests that only want an answer.
		if !s.ended && !(s.closing && wantsAnswer(m)) && !l.refuseStray(s, m) {
			l.request(s, m)
		}
	}
}

// wantsAnswer reports whether m is useless if its sender cannot read the answer.
func wantsAnswer(m wire.Request) bool {
	switch m.(type) {
	case *wire.Release, *wire.Cancel, *wire.Evict:
		return false
	}
	return true
}

// admit makes a new session known to the loop and the core.
func (l *loop) admit(s *session) {
	l.sessions.Set(s.name, s)
	l.tally.Opened(s.kind)
	l.roster.add(s, l.now())
	l.joinShare(s)
	l.core.Open(s.name, s.peer, &s.share.Account)
	l.last(s)
}

// open handles the opening of a session.
func (l *loop) open(s *session) {
	if l.core.Knows(s.name) { // a session of the last run has this name by chance
		s.ended, s.replaced = true, true
		s.out.cut(ending{code: wire.CloseRestart, reason: "the name of the session is in use"})
		s.net.Hurry()
		return
	}
	l.admit(s)
	s.rights = s.connection.rights.Load()
	hello := &wire.Hello{
		Protocol:    wire.Version,
		Session:     s.name,
		HeartbeatMS: s.heartbeat().Milliseconds(),
		TimeoutMS:   l.config.Timeout.Milliseconds(),
		Limits:      l.config.Limits,
		GraceMS:     l.core.GraceMS(l.now()),
		NotGranting: l.core.Pause(l.now()),
		Identity:    s.peer.Identity,
	}
	hello.Term, hello.Owner = l.member.asOwner()
	if s.lasting != nil {
		hello.Secret = s.lasting.secret
	}
	if s.rights != nil {
		hello.ExpiresMS = s.rights.expiresMS()
	}
	l.reply(s, hello)
	if l.member != nil {
		s.mark = l.member.opened()
	}
	if l.core.IsDraining() {
		l.reply(s, l.drainMessage())
	}
}
