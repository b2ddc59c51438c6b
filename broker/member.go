package broker

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/owner"
)

// ErrNotOwner is returned by [Broker.Run] when another broker of the cluster has taken over. All connections have been
// closed. The program should start again, as a standby.
var ErrNotOwner = errors.New("broker: another broker has taken over")

// A member is a broker's part in a cluster. It runs the clock and the calls of the store around an [owner.Machine]. The
// loop, the recorder and the writers ask it what they may do. All methods may be called concurrently.
type member struct {
	store cluster.Store
	logs  *logLimits
	aside func(func())
	start time.Time
	self  cluster.Broker
	over  <-chan struct{} // closed when the broker has stopped: nothing more will be on record

	until   atomic.Pointer[owner.Instant] // the broker may answer until then; nil: it may not
	wake    chan struct{}                 // holds a token if run must look at the machine
	loop    chan struct{}                 // see calls
	lost    chan struct{}                 // closed when the ownership has ended
	stands  chan struct{}                 // closed when Run is called
	stalled atomic.Bool                   // the broker cannot answer

	takeover time.Duration
	handOver handOver

	mu      sync.Mutex
	machine *owner.Machine
	term    int64         // of the ownership; 0 before it
	began   time.Time     // when the ownership began
	changed chan struct{} // closed, and replaced, when the machine has changed
	reign   *reign        // of the owner that the record names
}

func newMember(c *Cluster, timeout time.Duration, tokens int64, s *services) *member {
	self := cluster.Broker{ID: rand.Text(), Address: c.Address}
	return &member{
		store: c.Store, logs: s.logs, aside: s.aside, start: time.Now(), self: self, over: s.over.Done(),
		takeover: c.Takeover,
		handOver: handOver{asked: make(chan struct{}, 1), receipts: make(chan receipt, 1)},
		wake:     make(chan struct{}, 1), loop: make(chan struct{}, 1),
		lost: make(chan struct{}), stands: make(chan struct{}), changed: make(chan struct{}),
		reign: newReign(cluster.Owner{}),
		machine: owner.New(owner.Config{
			Self:     self,
			Takeover: c.Takeover, Timeout: timeout, TokenRange: tokens,
		}),
	}
}

// now reads both clocks.
func (m *member) now() owner.Instant {
	now := time.Now()
	return owner.Instant{Mono: now.Sub(m.start), Wall: time.Duration(now.UnixNano())}
}

// run works until ctx ends or the ownership is lost.
func (m *member) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, some, lost := m.work(ctx)
		if lost {
			return
		}
		if some {
			timer.Reset(due)
		}
		select {
		case <-m.wake:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// work does what the machine wants, and returns after how long it wants something again.
func (m *member) work(ctx context.Context) (due time.Duration, some, lost bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	m.machine.Tick(now)
	patience := m.machine.Patience()
	if m.machine.WantsHead(now) {
		m.call(ctx, patience, func(ctx context.Context) func(owner.Instant) {
			head, err := m.store.Head(ctx)
			return func(now owner.Instant) { m.machine.HeadRead(now, head, err) }
		})
	}
	if m.machine.WantsSessions(now) {
		m.call(ctx, 10*patience, func(ctx context.Context) func(owner.Instant) {
			sessions, err := m.store.Sessions(ctx)
			return func(now owner.Instant) { m.machine.SessionsRead(now, sessions, err) }
		})
	}
	if write, wants := m.machine.WantsWrite(now); wants {
		m.call(ctx, patience, func(ctx context.Context) func(owner.Instant) {
			head, err := m.store.Write(ctx, write)
			return func(now owner.Instant) { m.machine.Wrote(now, head, err) }
		})
	}
	lost = m.publish(now)
	if stalled := m.term != 0 && !lost && !m.machine.MayAnswer(now); stalled != m.stalled.Swap(stalled) {
		offer(m.loop)
	}
	due, some = m.machine.Deadline(now)
	return due - now.Mono, some, lost
}

// call calls the store on another goroutine, and passes the result to the machine.
func (m *member) call(ctx context.Context, patience time.Duration, f func(ctx context.Context) func(owner.Instant)) {
	m.aside(func() {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		result := f(ctx)
		m.mu.Lock()
		defer m.mu.Unlock()
		result(m.now())
		m.noteChange()
		offer(m.wake)
	})
}

// publish tells everybody what the machine has decided, and reports whether the ownership has ended. The caller holds
// m.mu.
func (m *member) publish(now owner.Instant) (lost bool) {
	could := m.mayAnswer()
	switch term := m.machine.Term(); {
	case m.term == 0 && term != 0:
		m.term, m.began = term, time.Now()
		m.noteChange() // who waits for it may have looked just before
	case m.term != term:
		m.until.Store(nil)
		close(m.lost)
		m.noteChange()
		return true
	}
	if until, may := m.machine.AnswersUntil(now); may {
		m.until.Store(&until)
	} else {
		m.until.Store(nil)
	}
	if !could && m.mayAnswer() {
		m.noteChange() // the same
	}
	return false
}

// noteChange wakes whoever waits for a change. The caller holds m.mu.
func (m *member) noteChange() {
	close(m.changed)
	m.changed = make(chan struct{})
	m.noteReign()
	offer(m.loop)
}

// offer puts a token into a channel for one, unless it has one.
func offer(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// do calls f with the machine, and lets run see what that has changed.
func (m *member) do(f func(machine *owner.Machine, now owner.Instant)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(m.machine, m.now())
	offer(m.wake)
}

// await waits until done, which is called with m.mu held, returns true. It returns false if the ownership or the
// broker has ended.
func (m *member) await(done func() bool) bool {
	for {
		m.mu.Lock()
		isDone, changed := done(), m.changed
		m.mu.Unlock()
		if isDone {
			return true
		}
		select {
		case <-changed:
		case <-m.lost:
			return false
		case <-m.over:
			return false
		}
	}
}

// awaitOwnership waits until this broker is the owner. It returns false if ctx ends before.
func (m *member) awaitOwnership(ctx context.Context) bool {
	for {
		m.mu.Lock()
		term, changed := m.term, m.changed
		m.mu.Unlock()
		if term != 0 {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// isOwner reports whether this broker is the owner, or has been.
func (m *member) isOwner() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.term != 0
}

// isRecorded reports whether a mark is on record.
func (m *member) isRecorded(mark owner.Mark) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.machine.Recorded(mark)
}

// opened returns the mark that must be on record before a connection that has just got its hello may be granted
// anything.
func (m *member) opened() (mark owner.Mark) {
	m.do(func(machine *owner.Machine, _ owner.Instant) { mark = machine.Opened() })
	return mark
}

// mayAnswer reports whether the broker may send something to its clients now.
func (m *member) mayAnswer() bool {
	until, now := m.until.Load(), m.now()
	return until != nil && now.Mono <= until.Mono && now.Wall <= until.Wall
}

// awaitAnswer waits until the broker may answer. It returns false if it will never again, or over is done.
func (m *member) awaitAnswer(over <-chan struct{}) bool {
	for !m.mayAnswer() {
		m.mu.Lock()
		changed := m.changed
		m.mu.Unlock()
		if m.mayAnswer() {
			break
		}
		select {
		case <-changed:
		case <-m.lost:
			return false
		case <-over:
			return false
		}
	}
	return true
}

// owner returns what the record says about the owner, as this broker has last seen it.
func (m *member) owner() cluster.Owner {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.machine.Owner()
}

// asOwner returns the term of this broker and the URL that it advertises. They are 0 and "" if it is alone.
func (m *member) asOwner() (term int64, address string) {
	if m == nil {
		return 0, ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.term, m.self.Address
}

// logTerm logs that this broker is the owner now.
func (m *member) logTerm() {
	m.mu.Lock()
	term, sessions := m.term, m.machine.OnRecord()
	m.mu.Unlock()
	m.logs.write(slog.LevelInfo, "this broker is the owner now",
		slog.Int64("term", term), slog.Int("sessions_on_record", sessions))
}

// logStart logs what to expect of the term that begins.
func (m *member) logStart(b core.Beginning) {
	attrs := []slog.Attr{slog.Int64("token", b.First)}
	if b.Grace == 0 || len(b.Roll.Sessions) == 0 && !b.Roll.Others {
		m.logs.write(slog.LevelInfo, "fencing tokens continue from the record of the cluster", attrs...)
		return
	}
	m.logs.write(slog.LevelWarn, "nothing is granted until the clients of earlier owners have come back, "+
		"or must have given up their locks", append(attrs, slog.Duration("grace", b.Grace))...)
}

// calls delivers a token when something may be on record that the loop waits for, or when stalled has changed.
func (m *member) calls() <-chan struct{} {
	if m == nil {
		return nil
	}
	return m.loop
}

// ends is closed when the ownership has ended.
func (m *member) ends() <-chan struct{} {
	if m == nil {
		return nil
	}
	return m.lost
}
