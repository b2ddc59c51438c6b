package broker

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// breath is for how long the loop rests between two slices of its work. It must rest: on
// a machine with one processor Go looks for what has arrived only when nobody has anything to
// do, or every 10 ms.
const breath = 20 * time.Microsecond

// A loop is the one goroutine that owns the lock table. It collects what sessions
// have put into the inbox, gives each session its turns, calls the table, and puts what
// the table says into the outboxes of the sessions concerned. It waits for nobody.
type loop struct {
	config Config
	inbox  *inbox
	table  *locktable.Table
	start  time.Time
	at     time.Duration // the time of what is handled now, since start

	sessions map[string]*session // those that can still be spoken to
	shares   map[string]*share   // of those, and of those whose requests have not ended
	empty    []*share            // perhaps without sessions
	turns    turns
	pages    pages
	asking   *session   // for whose request there is a search under way, or nil
	heldBack []*session // until it is done
	stealing map[wire.ID]stealing

	delivered int64    // events so far
	dropping  []string // sessions whose requests are being ended
	upkept    bool     // that was done since other long work was
	watching  watching
	due       *dueTotal

	tokens     *tokens
	tokenRange int64
	drain      *drain       // nil until the broker is to stop
	refuse     func()       // called then: no connection is accepted any more
	aside      func(func()) // runs what may block, such as a line of the log
	watchdog   watchdog
	standing   *standing
	lines      *lines

	batch  []item
	spare  spareTodos
	events []locktable.Event // reused
}

func newLoop(config Config, in *inbox) *loop {
	return &loop{
		config:   config,
		inbox:    in,
		sessions: make(map[string]*session),
		shares:   make(map[string]*share),
		watching: newWatching(config),
		pages:    pages{most: config.MaxPages},
		due:      &dueTotal{most: config.MaxDue},
		stealing: make(map[wire.ID]stealing),

		tokenRange: tokenRange,
	}
}

// run serves until ctx ends and what is held then has been released, or the time
// for that is over. It returns what is wrong with the tokens.
func (l *loop) run(ctx context.Context, source tokenSource) (err error) {
	l.start = time.Now()
	if l.tokens, err = startTokens(source, l.tokenRange, l.config); err != nil {
		return errors.Join(err, l.stop())
	}
	l.aside(func() { l.tokens.logStart(l.config.StateDir) })
	l.table = locktable.New(locktable.Config{
		FirstToken:  l.tokens.first,
		Ceiling:     l.tokens.allowed,
		MaxRequests: l.config.Limits.Requests,
		MaxIdle:     l.config.IdleNames,
		Grants:      grantSlice,
		Budget:      answerBudget(),
	})
	ended := ctx.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for !l.isDrained() {
		select {
		case <-ended:
			ended = nil
			l.lookAtClock()
			if l.drain == nil {
				l.beginDrain()
			}
		case <-l.inbox.wake:
			l.letOthersRun()
		case <-timer.C:
		case limit := <-l.tokens.reserved:
			l.tokens.arrived(limit)
		}
		l.watchdog.begin()
		l.round()
		l.watchdog.end()
		l.keepTokens()
		if l.table.NextToken() > wire.MaxInteger && l.drain == nil {
			err = ErrNoTokens
			l.beginDrain()
		}
		if due, ok := l.nextDeadline(); ok {
			timer.Reset(due - l.now())
		}
	}
	return errors.Join(err, l.stop())
}

// round does a slice of everything that there is to do. The clock stands still meanwhile, which is never for
// more than some milliseconds.
func (l *loop) round() {
	l.lookAtClock()
	if l.canAllow() {
		l.allow()
	}
	l.collect()
	l.tick()
	l.serve()
	l.tick()            // what was left over
	if l.due.isOver() { // what readers have answered counts, too
		l.cutSlowest()
	}
	l.watching.catchUp(l.now())
}

func (l *loop) lookAtClock() { l.at = time.Since(l.start) }

// now is the table's time.
func (l *loop) now() time.Duration { return l.at }

// nextDeadline is when there is next something to do, if any.
func (l *loop) nextDeadline() (time.Duration, bool) {
	due, some := l.table.Deadline()
	sooner := func(other time.Duration) {
		if !some || other < due {
			due, some = other, true
		}
	}
	now := l.now()
	if l.tokens.inGrace(now) {
		sooner(l.tokens.graceEnds)
	}
	if l.drain != nil {
		sooner(l.drain.ends)
	}
	if until, quiet := l.watching.nextDeadline(); quiet {
		sooner(until)
	}
	if l.isUnfinished() || some && due <= now { // the table does not do all at once either
		return now + breath, true
	}
	return due, some
}

// letOthersRun lets those readers put in what they have which can run now: the one that has woken
// the loop is not the only one, and so one round serves them all. When much is to be done already
// the loop must not stand behind them.
func (l *loop) letOthersRun() {
	if !l.turns.any() {
		runtime.Gosched()
	}
}

// collect takes what has come into the inbox. What must wait for its turn joins what its session has
// sent before.
func (l *loop) collect() {
	l.batch = l.inbox.take(l.batch[:0])
	for i := range l.batch {
		it := &l.batch[i]
		s := it.session
		switch it.kind {
		case itemOpened:
			l.open(s)
		case itemPageSent:
			l.pageSent(s)
		case itemLogged:
			s.auditing = false
			l.await(s)
		case itemEnded:
			s.closing = true
			fallthrough
		case itemRequest, itemFault:
			s.todo.push(*it, &l.spare)
			l.await(s)
		}
		l.batch[i] = item{} // its memory is not kept until the slice is full again
	}
}

// spent is how many steps the loop has taken, over all.
func (l *loop) spent() int64 { return l.table.Cost() + l.watching.spent + l.delivered*stepsOfEvent }

// spentSince is how many it has taken since there were so many.
func (l *loop) spentSince(before int64) int { return int(l.spent() - before) }

// handle does what a session has sent.
func (l *loop) handle(it item) {
	s := it.session
	switch {
	case it.kind == itemEnded:
		l.end(s, *it.ended)
	case s.leaves: // sent before the loop cut it off; nobody is there to be answered
	case it.kind == itemFault:
		l.reply(s, it.fault)
	case s.closing && wantsAnswer(it.request): // nobody is there for that, either
	default:
		l.request(s, it.request)
	}
}

// wantsAnswer reports whether m does nothing for anybody but whoever gets the answer.
func wantsAnswer(m wire.Request) bool {
	switch m.(type) {
	case *wire.Release, *wire.Cancel, *wire.Evict:
		return false
	}
	return true
}

func (l *loop) open(s *session) {
	l.table.Open(s.name, s.peer)
	l.sessions[s.name] = s
	l.join(s)
	l.reply(s, &wire.Hello{
		Protocol:    wire.Version,
		Session:     s.name,
		HeartbeatMS: l.config.Heartbeat.Milliseconds(),
		TimeoutMS:   l.config.Timeout.Milliseconds(),
		Limits:      l.config.Limits,
		GraceMS:     l.tokens.graceMS(l.now()),
		NotGranting: l.pause(),
	})
	if l.drain != nil {
		l.reply(s, l.drain.message(l.now()))
	}
}

// reply queues m for s, and cuts s off if it reads too slowly.
func (l *loop) reply(s *session, m wire.Reply) {
	if s.leaves {
		return
	}
	if !s.out.put(m) {
		l.cutOff(s, slowConsumer)
		l.logLimit(s, "bytes due to one client")
	}
	if l.due.isOver() {
		l.cutSlowest()
	}
}

// cutOff ends a session at once, whatever is due to it.
func (l *loop) cutOff(s *session, end ending) {
	s.out.cut(end)
	s.net.hurry()
	l.end(s, end)
}

// deliver queues what the table has said for those whom it concerns.
func (l *loop) deliver(events []locktable.Event) {
	for i := range events {
		event := &events[i]
		if log := l.config.Logger.Debug(); log.Enabled() {
			log.Stringer("request", event.ID).Stringer("event", event.Kind).Str("reason", event.Reason).Send()
		}
		if s := l.sessions[event.ID.Session]; s != nil {
			if m := replyTo(event); m != nil {
				l.reply(s, m)
			}
		}
		if l.watching.any() {
			l.tellWatches(event)
		}
		if len(l.stealing) > 0 {
			l.tellTheft(event)
		}
		*event = locktable.Event{}
	}
	l.delivered += int64(len(events))
	l.events = events[:0]
}

// stop closes every connection, and ends the run of tokens. The table is of no
// use to anyone any more.
func (l *loop) stop() error {
	end := ending{code: wire.CloseRestart, reason: "the broker stops"}
	for _, it := range l.inbox.close() {
		it.session.out.finish(end)
		it.session.net.hurry()
	}
	for _, s := range l.sessions {
		s.out.finish(end)
		s.net.hurry()
	}
	if l.table == nil {
		return nil // it never began
	}
	l.logEnd()
	return l.tokens.stop(l.held(), l.now())
}
