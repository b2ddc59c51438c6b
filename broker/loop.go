package broker

import (
	"context"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// dropSlice is how many places at locks an ended session gives up at a time,
// between other work, so that nobody else waits for a session that had many.
const dropSlice = 256

// A loop is the one goroutine that owns the lock table. It takes what readers
// have put into the inbox, calls the table, and puts what the table says into
// the outboxes of the sessions concerned. It waits for nobody.
type loop struct {
	config Config
	inbox  *inbox
	table  *locktable.Table
	start  time.Time

	sessions map[string]*session // those that can still be spoken to
	dropping []string            // those whose requests are being ended

	always chan struct{} // closed
	batch  []item
	events []locktable.Event // reused
}

func newLoop(config Config, in *inbox) *loop {
	start := time.Now()
	always := make(chan struct{})
	close(always)
	return &loop{
		config:   config,
		inbox:    in,
		start:    start,
		table:    newTable(config, start.UnixMicro()), // see doc.go on restarts
		sessions: make(map[string]*session),
		always:   always,
	}
}

func newTable(config Config, firstToken int64) *locktable.Table {
	return locktable.New(locktable.Config{
		FirstToken:  firstToken,
		MaxRequests: config.Limits.Requests,
		MaxIdle:     config.IdleNames,
	})
}

func (l *loop) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-l.inbox.wake:
			l.takeBatch()
		case <-timer.C:
			l.deliver(l.table.Tick(l.now(), l.events[:0]))
		case <-l.unfinished():
			l.drop()
		}
		if due, ok := l.table.Deadline(); ok {
			timer.Reset(due - l.now())
		}
	}
	l.stop()
}

// now is the table's time.
func (l *loop) now() time.Duration { return time.Since(l.start) }

func (l *loop) takeBatch() {
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
		// Said before the loop cut it off; nobody is there to be answered.
	case it.opened:
		l.open(s)
	case it.ended != nil:
		l.end(s, *it.ended)
	case it.fault != nil:
		l.reply(s, it.fault)
	default:
		l.request(s, it.request)
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
	})
}

// reply queues m for s, and cuts s off if it reads too slowly.
func (l *loop) reply(s *session, m wire.Reply) {
	if s.leaves || s.out.put(m) {
		return
	}
	end := ending{wire.ClosePolicy, "slow consumer"}
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
	l.table.Leave(s.name, 0)
	l.dropping = append(l.dropping, s.name)
}

// unfinished is ready while there are sessions to be dropped.
func (l *loop) unfinished() <-chan struct{} {
	if len(l.dropping) == 0 {
		return nil
	}
	return l.always
}

func (l *loop) drop() {
	events, done := l.table.Drop(l.now(), l.dropping[0], dropSlice, l.events[:0])
	l.deliver(events)
	if done {
		l.dropping = l.dropping[1:]
	}
}

// stop closes every connection. The table is of no use to anyone any more.
func (l *loop) stop() {
	end := ending{wire.CloseRestart, "the broker stops"}
	for _, it := range l.inbox.close() {
		it.session.out.finish(end)
		it.session.net.hurry()
	}
	for _, s := range l.sessions {
		s.out.finish(end)
		s.net.hurry()
	}
}
