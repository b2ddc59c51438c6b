package core

import (
	"cmp"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// A statement is what the client tells the broker that it holds and waits for, in one message or in several.
type statement struct {
	template wire.Resume // with what all messages have in common
	limits   wire.Limits
	empty    int // the length of a message that states nothing

	messages []*wire.Resume
	size     int           // the length of the latest message
	stated   []stated      // by rising n
	due      time.Duration // when it may be sent, because stale holders that do not fit must stop first; 0: at once
}

// A stated request is one that is in a statement.
type stated struct {
	request *Request
	token   int64 // 0: it was stated as waiting
}

const (
	// mostParts is more than the number of messages of any statement.
	mostParts = 1_000_000
	// partSpace is more than the id of a message and its field "more" add to its length.
	partSpace = 64
)

// newStatement states the session to a broker that has sent that hello. Requests that break the limits of this broker
// end; their holders may be stale from then on. It returns nil if these limits allow no statement at all.
func (m *Machine) newStatement(hello *wire.Hello, at Instant) *statement {
	s := &statement{limits: hello.Limits, template: wire.Resume{
		ID: wire.ID{Session: hello.Session}, Session: m.session.name,
		Secret: m.session.secret, Tried: slices.Clone(m.session.tried),
	}}
	if codec.CheckFrame(&s.template, s.limits) != nil {
		return nil
	}
	s.empty = frameLength(&s.template) + partSpace
	s.open()
	for _, r := range m.toState() {
		timeout := time.Duration(hello.TimeoutMS) * time.Millisecond
		switch r.state {
		case holding, lingering, ended:
			if err := s.addHeld(r, m.statedParent(r), timeout, at); err != nil {
				s.due = max(s.due, m.leaveOut(r, at))
			}
		case waiting:
			if err := s.addWaiting(r, m.statedParent(r), timeout, at); err != nil {
				m.end(r, &End{How: Invalid, Err: err})
			}
		}
	}
	if s.due > 0 {
		m.endInsideLost()
	}
	return s
}

// leaveOut ends a request that holds and does not fit into a statement. It returns when its holder must have stopped,
// or 0 if that is over. A holder has as long to stop as at the end of the lease.
func (m *Machine) leaveOut(r *Request, at Instant) (due time.Duration) {
	if r.state != ended {
		lease := &m.session.lease
		m.noteStaleHolder(r, at.Mono+lease.Timeout-lease.Length(), at)
		m.end(r, lostWith(r, m.last))
	}
	for _, s := range m.stale {
		if s.request == r {
			return s.until
		}
	}
	return 0
}

// toState returns the requests of the session, and those with stale holders, by n.
func (m *Machine) toState() []*Request {
	requests := slices.Collect(m.session.requests.InOrder())
	for _, stale := range m.stale {
		if stale.request.What.ID.Session == m.session.name {
			requests = append(requests, stale.request)
		}
	}
	slices.SortFunc(requests, func(a, b *Request) int { return cmp.Compare(a.What.ID.N, b.What.ID.N) })
	return requests
}

// statedParent returns the parent that a statement gives r: the one that the broker was told, if it still holds.
func (m *Machine) statedParent(r *Request) wire.ID {
	switch {
	case r.parent == nil:
		return r.What.Parent
	case r.parent.state == holding || r.parent.state == lingering || m.isStale(r.parent):
		return r.parent.What.ID
	}
	return wire.ID{}
}

func (s *statement) addHeld(r *Request, parent wire.ID, timeout time.Duration, at Instant) error {
	held := wire.HeldRequest{
		N: r.What.ID.N, Token: r.token, Locks: r.What.Locks, Author: r.What.Author, Parent: parent,
		AgeMS: r.age(at),
	}
	if r.Hold > 0 {
		held.HoldMS = wire.Some(toMillis(backstop(max(r.term.left(at), 0), timeout)))
	}
	return s.add(stated{r, r.token}, func(m *wire.Resume) { m.Held = append(m.Held, held) })
}

func (s *statement) addWaiting(r *Request, parent wire.ID, timeout time.Duration, at Instant) error {
	waits := wire.WaitingRequest{
		N: r.What.ID.N, Locks: r.What.Locks, Author: r.What.Author, Parent: parent, AgeMS: r.age(at),
	}
	if r.Hold > 0 {
		waits.HoldMS = wire.Some(toMillis(backstop(r.Hold, timeout)))
	}
	if r.until > 0 {
		waits.WaitMS = wire.Some(toMillis(r.until - at.Mono)) // never 0, or r would have timed out
	}
	return s.add(stated{r, 0}, func(m *wire.Resume) { m.Waiting = append(m.Waiting, waits) })
}

// age returns for how long r has held, or waited, in milliseconds.
func (r *Request) age(at Instant) int64 {
	return min(max((at.Mono-r.term.begin.Mono).Milliseconds(), 0), wire.MaxMillis)
}

// add adds a request to the latest message, or to a new one if it does not fit. It adds nothing if the request does not
// fit into any message.
func (s *statement) add(request stated, put func(*wire.Resume)) error {
	alone := s.template
	alone.ID.N, alone.More = mostParts, true
	put(&alone)
	if err := codec.CheckFrame(&alone, s.limits); err != nil {
		return err
	}
	size := frameLength(&alone) - s.empty + partSpace
	if s.size+size > s.limits.MessageBytes && s.size > s.empty {
		s.messages[len(s.messages)-1].More = true
		s.open()
	}
	put(s.messages[len(s.messages)-1])
	s.size += size
	s.stated = append(s.stated, request)
	return nil
}

// open begins the next message.
func (s *statement) open() {
	next := s.template
	next.ID.N = int64(len(s.messages))
	s.messages = append(s.messages, &next)
	s.size = s.empty
}

// frameLength returns the length of the frame of m.
func frameLength(m *wire.Resume) int {
	frame, _ := codec.Append(nil, m) // a message that was checked can be encoded
	return len(frame)
}
