package broker

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// dropSlice is how many places at locks an ended session gives up at a time,
// between other work, so that nobody else waits for a session that had many.
const dropSlice = 256

// breath is for how long the loop rests between two slices of its work. It must rest: on
// a machine with one processor Go looks for what has arrived only when nobody has anything to
// do, or every 10 ms.
const breath = 20 * time.Microsecond

// A loop is the one goroutine that owns the lock table. It takes what readers
// have put into the inbox, calls the table, and puts what the table says into
// the outboxes of the sessions concerned. It waits for nobody.
type loop struct {
	config Config
	inbox  *inbox
	table  *locktable.Table
	start  time.Time
	at     time.Duration // the time of what is handled now, since start

	sessions map[string]*session // those that can still be spoken to
	dropping []string            // those whose requests are being ended
	watchers []*watches          // of the sessions that have some, in the order in which they began

	tokens     *tokens
	tokenRange int64
	drain      *drain       // nil until the broker is to stop
	refuse     func()       // called then: no connection is accepted any more
	aside      func(func()) // runs what may block, such as a line of the log

	verdicts map[wire.ID]item // acquires whose readers wait for what becomes of them

	batch  []item
	events []locktable.Event // reused
}

func newLoop(config Config, in *inbox) *loop {
	return &loop{
		config:   config,
		inbox:    in,
		sessions: make(map[string]*session),
		verdicts: make(map[wire.ID]item),

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
	})
	ended := ctx.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for !l.isDrained() {
		select {
		case <-ended:
			l.lookAtClock()
			ended = nil
			if l.drain == nil {
				l.beginDrain()
			}
		case <-l.inbox.wake:
			l.takeBatch()
		case <-timer.C:
			l.lookAtClock()
			l.deliver(l.table.Tick(l.now(), l.events[:0]))
		case limit := <-l.tokens.reserved:
			l.lookAtClock()
			l.tokens.arrived(limit)
		}
		l.workOn()
		l.tokens.keepAhead(l.table.NextToken(), l.now())
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

func (l *loop) lookAtClock() { l.at = time.Since(l.start) }

// now is the table's time. It stands still while the loop is at work, which is never for
// more than some milliseconds.
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
	if l.isUnfinished() || some && due <= now { // the table does not do all at once either
		return now + breath, true
	}
	return due, some
}

func (l *loop) takeBatch() {
	// The reader that has woken the loop is not the only one that has something. Those
	// that can run come first, so that one round serves them all.
	runtime.Gosched()
	l.lookAtClock()
	l.batch = l.inbox.take(l.batch[:0])
	for i, it := range l.batch {
		l.handle(it)
		l.batch[i] = item{} // its memory is not kept until the slice is full again
	}
}

func (l *loop) handle(it item) {
	s := it.session
	switch {
	case s.leaves:
		it.dismiss() // said before the loop cut it off; nobody is there to be answered
	case it.opened:
		l.open(s)
	case it.ended != nil:
		l.end(s, *it.ended)
	case it.fault != nil:
		l.reply(s, it.fault)
	default:
		l.request(it)
		if it.verdict == nil { // else the reader looks at it
			wire.Recycle(it.request)
		}
	}
}

func (l *loop) open(s *session) {
	l.table.Open(s.name, s.peer)
	l.sessions[s.name] = s
	l.reply(s, &wire.Hello{
		Protocol:    wire.Version,
		Session:     s.name,
		HeartbeatMS: l.config.Heartbeat.Milliseconds(),
		TimeoutMS:   l.config.Timeout.Milliseconds(),
		Limits:      l.config.Limits,
		GraceMS:     l.tokens.graceMS(l.now()),
	})
	if l.drain != nil {
		l.reply(s, l.drain.message(l.now()))
	}
}

// reply queues m for s, and cuts s off if it reads too slowly.
func (l *loop) reply(s *session, m wire.Reply) {
	if s.leaves || s.out.put(m) {
		return
	}
	end := ending{code: wire.ClosePolicy, reason: "slow consumer", cutOff: true}
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
		if len(l.watchers) > 0 {
			l.tellWatches(event)
		}
		if len(l.verdicts) > 0 {
			l.tellVerdict(event)
		}
		*event = locktable.Event{}
	}
	l.events = events[:0]
}

// end lets go of a session: nothing more is said to it, and its requests are
// ended slice by slice.
func (l *loop) end(s *session, how ending) {
	s.leaves = true
	s.out.finish(how)
	if how.code != 0 {
		s.net.hurry()
	}
	delete(l.sessions, s.name)
	l.forgetWatches(s)
	l.forgetVerdicts(s)
	l.table.Leave(s.name, l.keptUntil(s, how))
	l.dropping = append(l.dropping, s.name)
}

// keptUntil is until when what s holds is kept: the client may believe until it
// must know that the broker has not heard it for too long. Where the broker has cut it
// off that is always so: nothing that the client did, or its network, has told it.
// What somebody else may have ended is kept with lock delay only.
func (l *loop) keptUntil(s *session, how ending) time.Duration {
	if how.goodbye || !how.cutOff && !l.config.LockDelay {
		return 0
	}
	return s.net.heard().Add(l.config.Timeout).Sub(l.start)
}

// isUnfinished reports whether there is work that is done slice by slice, so that
// nobody has to wait for all of it.
func (l *loop) isUnfinished() bool {
	return len(l.dropping) > 0 || l.canAllow() || l.drain != nil && !l.drain.shut
}

// workOn does a slice of it.
func (l *loop) workOn() {
	if len(l.dropping) > 0 {
		l.drop()
	}
	if l.canAllow() {
		l.allow()
	}
	if l.drain != nil && !l.drain.shut {
		l.shut()
	}
}

// drop ends sessions until that was a slice of work. One that has nothing counts as well.
func (l *loop) drop() {
	for budget := dropSlice; budget > 0 && len(l.dropping) > 0; budget-- {
		events, done := l.table.Drop(l.now(), l.dropping[0], budget, l.events[:0])
		for i := range events {
			budget -= events[i].Locks()
		}
		l.deliver(events)
		if !done {
			return
		}
		l.dropping = l.dropping[1:]
	}
}

// stop closes every connection, and ends the run of tokens. The table is of no
// use to anyone any more.
func (l *loop) stop() error {
	end := ending{code: wire.CloseRestart, reason: "the broker stops"}
	for _, it := range l.inbox.close() {
		it.dismiss()
		it.session.out.finish(end)
		it.session.net.hurry()
	}
	for _, it := range l.verdicts {
		it.dismiss()
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
