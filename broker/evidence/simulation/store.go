package simulation

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A store is the record that several brokers share, as etcd keeps it: each write is applied as a whole or not at all,
// and only if nothing has changed since the writer last looked. What goes wrong happens on the way to it and back, or
// while it chooses a leader.
type store struct {
	w        *World
	head     cluster.Head
	sessions []cluster.Session
	revision int64
	down     time.Duration // it answers nobody until then
	calls    []storeCall
}

// A storeCall is a call of the store that a broker has made.
type storeCall struct {
	kind     storeCallKind
	b        *broker
	run      int32 // of the broker
	write    cluster.Write
	head     cluster.Head // the answer
	sessions []cluster.Session
	err      error
	fate     storeFate
	over     bool // the broker has an answer, or has given up
}

type storeCallKind uint8

const (
	readsHead storeCallKind = iota
	readsSessions
	writes
)

// A storeFate says what goes wrong with a call.
type storeFate uint8

const (
	goesWell  storeFate = iota
	isRefused           // the store says that it does not do it
	isLost              // it never arrives
	isLate              // it arrives after the broker has given up
	isUnsaid            // the answer never arrives
)

var errNoAnswer = errors.New("the store has not answered")

func (s *store) reset(w *World) { *s = store{w: w, calls: s.calls[:0]} }

// call begins a call of a broker, which waits that long for the answer.
func (s *store) call(b *broker, c storeCall, patience time.Duration) {
	w, n := s.w, uint64(len(s.calls))
	c.b, c.run = b, b.run
	delay := s.delay(n, 0)
	if chance(uint64(w.plan.StoreErrors), w.random(forStore, n, 1)) {
		c.fate = isRefused + storeFate(w.random(forStore, n, 2)%4)
	}
	if c.fate == isLate {
		delay += patience + upTo(3*patience, w.random(forStore, n, 3))
	}
	s.calls = append(s.calls, c)
	w.events.add(event{at: w.now + delay, kind: evAtStore, what: int32(n)})
	gives := b.clock.when(b.clock.at(w.now).Mono+patience, w.now)
	b.add(event{at: gives, kind: evPatience, what: int32(n), gen: b.run})
}

// delay returns how long a message to the store or from it takes.
func (s *store) delay(call, way uint64) time.Duration {
	random := s.w.random(forStore, call, 4, way)
	if chance(2, random&0xff) {
		return upTo(s.w.plan.Takeover/4, random>>8)
	}
	return time.Millisecond + upTo(s.w.plan.Takeover/100, random>>8)
}

// arrive lets a call arrive at the store.
func (s *store) arrive(e *event) {
	w, c, n := s.w, &s.calls[e.what], uint64(e.what)
	switch {
	case c.fate == isLost || w.now < c.b.storeCut:
		return
	case c.fate == isRefused:
		c.err = fmt.Errorf("%w: too busy", cluster.ErrNotApplied)
	case w.now < s.down && chance(50, w.random(forStore, n, 5)):
		return // the leader that had it is gone
	case w.now < s.down:
		w.events.add(event{at: s.down + s.delay(n, 2), kind: evAtStore, what: e.what})
		return
	default:
		s.answer(c)
	}
	if c.fate != isUnsaid {
		c.b.add(event{at: w.now + s.delay(n, 1), kind: evStored, what: e.what, gen: c.run})
	}
}

// answer does what a call asks for.
func (s *store) answer(c *storeCall) {
	switch c.kind {
	case readsSessions:
		c.sessions = slices.Clone(s.sessions)
	case writes:
		s.apply(&c.write)
	}
	c.head = s.head
}

// apply applies a write if its guard holds.
func (s *store) apply(write *cluster.Write) {
	w := s.w
	if write.Guard != s.head.Revision && w.options.Break != WritesUnguarded {
		return
	}
	s.revision++
	s.head.Beat, s.head.Revision.Beat = write.Beat, s.revision
	if write.Owner != nil {
		if w.traces() {
			w.tracef("store: the owner is %q, term %d, tokens %d, snapshot %.8q",
				write.Owner.ID, write.Owner.Term, write.Owner.Tokens, write.Owner.Snapshot)
		}
		s.head.Owner, s.head.Revision.Owner = *write.Owner, s.revision
	}
	for _, put := range write.Put {
		s.remove(put.ID)
		s.sessions = append(s.sessions, put)
		for _, token := range put.Revoked {
			w.struck[token] = true
		}
	}
	for _, id := range write.Delete {
		s.remove(id)
	}
}

func (s *store) remove(id string) {
	s.sessions = slices.DeleteFunc(s.sessions, func(o cluster.Session) bool { return o.ID == id })
}

// end gives a broker the answer to a call, or the error that none has come.
func (s *store) end(e *event) {
	c := &s.calls[e.what]
	if c.over || c.run != c.b.run || e.kind == evStored && s.w.now < c.b.storeCut {
		return
	}
	c.over = true
	if e.kind == evPatience {
		c.err = errNoAnswer
	}
	c.b.member.answered(c)
}
