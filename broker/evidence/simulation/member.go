package simulation

import (
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/owner"
)

// This file follows broker/member.go: a broker's part in a cluster.

// A member runs the clock and the calls of the store around the machine that decides who the owner is.
type member struct {
	b       *broker
	machine *owner.Machine
	self    cluster.Broker
	term    int64         // of the ownership; 0 before it
	began   time.Duration // when it began
	stalled bool          // the broker cannot answer
	kicked  bool          // evMember is planned
	armed   time.Duration
	gen     int32
	moving  handOver
}

// stand starts a process as a standby.
func (b *broker) stand() {
	w := b.w
	b.member = member{b: b, self: b.memberOf(b.run), gen: b.member.gen}
	b.member.machine = owner.New(owner.Config{
		Self: b.member.self, Takeover: w.plan.Takeover, Timeout: b.timeout,
		TokenRange: w.plan.Tokens, MaxChanges: 3,
	})
	b.machine, b.recording, b.unrecorded, b.absences, b.stopping = nil, recording{}, nil, nil, false
	b.restored = false
	w.tracef("broker %d starts run %d", b.index+1, b.run)
	b.member.step()
}

func idOfRun(broker, run int32) string { return fmt.Sprintf("b%d-%d", broker+1, run) }

// instant reads both clocks.
func (m *member) instant() owner.Instant {
	at := m.b.clock.at(m.b.w.now)
	return owner.Instant{Mono: at.Mono, Wall: at.Wall}
}

// kick plans a step, because somebody has changed something.
func (m *member) kick() {
	if !m.kicked {
		m.kicked = true
		m.b.add(event{at: m.b.w.now, kind: evMember, gen: m.b.run, what: -1})
	}
}

// wake handles evMember, which is also the timer of the member.
func (m *member) wake(e *event) {
	switch {
	case e.what < 0:
		m.kicked = false
	case e.what != m.gen:
		return
	default:
		m.armed = 0
	}
	m.step()
}

// step does what the machine wants, and what has become possible.
func (m *member) step() {
	b := m.b
	now := m.instant()
	m.machine.Tick(now)
	m.callStore(now)
	switch term := m.machine.Term(); {
	case m.term == 0 && term != 0:
		m.term, m.began = term, now.Mono
		b.w.noteTerm(b, term)
		b.beginTerm()
	case term != m.term:
		b.loseTerm()
		return
	}
	m.dropPast()
	if len(m.moving.waiting) > 0 && !m.isBetweenOwners() {
		b.endSuccession()
	}
	stalled := m.term != 0 && !m.machine.MayAnswer(now)
	if m.term != 0 && !b.stopping {
		b.heedMember(stalled)
	}
	m.stalled = stalled
	m.arm(now)
}

// callStore makes the calls of the store that the machine wants.
func (m *member) callStore(now owner.Instant) {
	b, s, patience := m.b, &m.b.w.store, m.machine.Patience()
	if m.machine.WantsHead(now) {
		s.call(b, storeCall{kind: readsHead}, patience)
	}
	if m.machine.WantsSessions(now) {
		s.call(b, storeCall{kind: readsSessions}, 10*patience)
	}
	if write, wants := m.machine.WantsWrite(now); wants {
		s.call(b, storeCall{kind: writes, write: write}, patience)
	}
}

// answered passes the answer of the store on.
func (m *member) answered(c *storeCall) {
	now := m.instant()
	switch c.kind {
	case readsHead:
		m.machine.HeadRead(now, c.head, c.err)
	case readsSessions:
		m.machine.SessionsRead(now, c.sessions, c.err)
	case writes:
		m.machine.Wrote(now, c.head, c.err)
	}
	m.step()
}

// arm plans the timer.
func (m *member) arm(now owner.Instant) {
	b := m.b
	due, some := m.machine.Deadline(now)
	if !some {
		return
	}
	at := max(b.clock.when(due, b.w.now), b.w.now+1)
	if m.armed > 0 && m.armed <= at {
		return
	}
	m.armed = at
	m.gen++
	b.add(event{at: at, kind: evMember, gen: b.run, what: m.gen})
}

// mayAnswer reports whether the broker may send something to its clients now.
func (b *broker) mayAnswer() bool {
	m := &b.member
	switch {
	case !b.w.plan.isCluster():
		return true
	case m.term == 0 || m.term != m.machine.Term():
		return false
	}
	return b.w.options.Break == NoGate || m.machine.MayAnswer(m.instant())
}

// heedMember does what the broker's part in the cluster calls for.
func (b *broker) heedMember(stalled bool) {
	b.checkStored()
	b.retryUnrecorded()
	if stalled {
		b.sendAway()
	} else {
		b.flushAll()
	}
	b.round()
}

// sendAway closes the connections of sessions that are kept, because the broker cannot answer.
func (b *broker) sendAway() {
	for _, s := range b.sessions {
		if !s.ended && b.names[s.name] == s && b.machine.Lasts(s.name) {
			s.end(ending{})
			b.w.closeSocket(s.conn, down)
		}
	}
}

// loseTerm ends the process, because another broker has taken over. Its clients are told nothing.
func (b *broker) loseTerm() {
	w := b.w
	w.tracef("broker %d has lost term %d", b.index+1, b.member.term)
	if b.member.moving.stage != resigning {
		w.counts.add(SawDeposed)
	}
	for _, c := range w.conns {
		if c.broker == b {
			w.closeSocket(c, down)
		}
	}
	b.order.endRun(false)
	b.endProcess()
	b.restartsAt = max(b.restartsAt, w.now+upTo(time.Second, w.random(forKill, uint64(b.index), uint64(w.now))))
	b.add(event{at: b.restartsAt, kind: evHeal, what: -1})
}

// endProcess notes that the process has ended.
func (b *broker) endProcess() {
	b.up, b.serves, b.frozen, b.limit, b.stopping = false, false, false, 0, false
	b.deferred = b.deferred[:0]
	b.order.drains = false
	b.run++ // nothing that is planned for it happens
}

// noteTerm notes that a broker believes to be the owner. The tokens of its term must be above those of all terms
// before. A broker that was paused while it took over may believe it when others have taken over since.
func (w *World) noteTerm(b *broker, term int64) {
	w.counts.add(SawTakeover)
	first, _ := b.member.machine.Tokens()
	if term < w.term {
		return
	}
	if term == w.term || first <= w.greatest {
		w.violate(promise.RisingTokens, "term %d begins with token %d, after term %d and token %d",
			term, first, w.term, w.greatest)
	}
	w.term = term
}

// beginTerm begins to serve, with what the record says.
func (b *broker) beginTerm() {
	b.began = b.clock.at(b.w.now).Mono
	beginning := b.source().Start()
	b.machine = core.New(b.coreConfig(), beginning)
	b.w.tracef("broker %d is the owner of term %d, tokens from %d, grace %v, accepted %v", b.index+1, b.member.term,
		beginning.First, beginning.Grace, beginning.Snapshot != nil)
	b.order.beginTerm(beginning.First)
	b.beginFrom(&beginning)
}

// beginFrom begins to serve with what the last run, or the last owner, has left.
func (b *broker) beginFrom(beginning *core.Beginning) {
	switch roll := beginning.Roll; {
	case beginning.Snapshot != nil:
		b.w.counts.add(SawAccepted)
		b.restore(beginning.Snapshot)
	case roll != nil && len(roll.Sessions) > 0:
		b.w.counts.add(SawRollCall)
	}
	b.keepTokens()
	if b.limit > 0 {
		b.add(event{at: b.when(startWait), kind: evServe, gen: b.run})
		return
	}
	b.serve()
}
