package owner

import (
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A table is what a broker knows of its sessions and locks. It is as simple as it can be: all locks are exclusive,
// and any waiter may be the next holder.
type table struct {
	node     *node
	sessions map[string]*session
	order    []string // the sessions, in the order in which they came, so that a schedule is always the same
	holders  map[string]*holder
	next     int64 // the next token
	limit    int64 // tokens below it may be given out
	reserved Mark  // of the next limit
	wanted   int64
}

// A holder holds a lock, or did until its lock was taken from it.
type holder struct {
	holding
	session string
	mark    Mark // it may be granted to others once this is on record; 0: it holds it
	ended   bool // its session ended against its will
	evicted bool // an operator wanted that
}

type session struct {
	id    string
	plain bool
	peer  *peer         // its connection, or nil
	mark  Mark          // it may be granted something once this is on record
	heard time.Duration // when the client was last heard, on the monotonic clock
	wants []string
	comes bool // it is in a snapshot, and has not come yet
}

func newTable(n *node) *table {
	t := &table{node: n, sessions: make(map[string]*session), holders: make(map[string]*holder)}
	t.next, t.limit = n.machine.Tokens()
	return t
}

func (t *table) open(id string, plain bool) *session {
	if s := t.sessions[id]; s != nil {
		return s
	}
	s := &session{id: id, plain: plain}
	t.sessions[id] = s
	t.order = append(t.order, id)
	return s
}

func (t *table) forget(id string) {
	delete(t.sessions, id)
	t.order = slices.DeleteFunc(t.order, func(o string) bool { return o == id })
}

var lockNames = []string{"x", "y"}

// copy returns a snapshot of the holders and their sessions.
func (t *table) copy() *table {
	c := newTable(t.node)
	for _, id := range t.order {
		c.open(id, t.sessions[id].plain)
	}
	for _, name := range lockNames {
		if h := t.holders[name]; h != nil && h.mark == 0 {
			c.holders[name] = &holder{holding: h.holding, session: h.session}
		}
	}
	return c
}

// load loads a snapshot. What sessions hold that are no longer on record is free, except that of plain sessions.
func (t *table) load(snapshot *table) {
	for _, id := range snapshot.order {
		s := snapshot.sessions[id]
		if _, known := t.node.machine.Session(id); known || s.plain {
			t.open(id, s.plain).comes = true
		}
	}
	for _, name := range lockNames {
		if h := snapshot.holders[name]; h != nil && t.sessions[h.session] != nil {
			t.holders[name] = h
		}
	}
}

// endAbsence ends the sessions of the snapshot that did not come in time.
func (t *table) endAbsence() {
	for _, id := range slices.Clone(t.order) {
		if s := t.sessions[id]; s.comes {
			t.node.world.counts.purged++
			t.free(id, nil)
			t.forget(id)
		}
	}
}

// free frees the locks of a session, except those with a token in keep, and those that must be on record first.
func (t *table) free(id string, keep map[int64]bool) {
	for _, name := range lockNames {
		if h := t.holders[name]; h != nil && h.session == id && h.mark == 0 && !keep[h.token] {
			delete(t.holders, name)
		}
	}
}

// release frees the lock that a session holds with that token.
func (t *table) release(id string, token int64) {
	for _, name := range lockNames {
		if h := t.holders[name]; h != nil && h.token == token && h.session == id && h.mark == 0 {
			delete(t.holders, name)
		}
	}
}

// take takes a lock from its holder. It is free once mark is on record.
func (t *table) take(h *holder, mark Mark) {
	h.mark = mark
	if b := t.node.world.breaks; mark == 0 || b.evictsFirst && !h.ended || b.endsFirst && h.ended {
		if h.evicted {
			t.node.world.excused[h.token] = true
		}
		delete(t.holders, h.lock)
	}
}

// tidy ends what has been put on record, and sessions that did not come back.
func (t *table) tidy() {
	n, m := t.node, t.node.machine
	for _, name := range lockNames {
		if h := t.holders[name]; h != nil && h.mark != 0 && m.Recorded(h.mark) {
			delete(t.holders, name)
		}
	}
	for _, id := range slices.Clone(t.order) {
		s := t.sessions[id]
		if silent := n.clock.read().Mono - s.heard; !s.comes && silent > m.config.Timeout {
			if s.peer != nil {
				s.peer.close()
				n.peers = slices.DeleteFunc(n.peers, func(p *peer) bool { return p == s.peer })
			}
			t.end(s)
		}
	}
	if t.limit-t.next < 8 && t.wanted == 0 {
		t.wanted = t.limit + 20
		t.reserved = m.Reserve(t.wanted)
	}
	if t.wanted != 0 && m.Recorded(t.reserved) {
		t.limit, t.wanted = t.wanted, 0
	}
}

// end ends a session against its client's will.
func (t *table) end(s *session) {
	m := t.node.machine
	mark := Mark(0)
	if !s.plain && !t.node.world.breaks.endsFirst {
		mark = m.Strike(s.id)
	}
	for _, name := range lockNames {
		if h := t.holders[name]; h != nil && h.session == s.id && h.mark == 0 {
			h.ended = true
			t.take(h, mark)
		}
	}
	t.forget(s.id)
}

// grant grants what may be granted.
func (t *table) grant() {
	n, m := t.node, t.node.machine
	for _, id := range t.order {
		s := t.sessions[id]
		if s.peer == nil || !n.mayGrant() || !s.peer.isOnRecord() {
			continue
		}
		if !m.Recorded(s.mark) && !n.world.breaks.grantsFirst {
			continue
		}
		s.wants = slices.DeleteFunc(s.wants, func(name string) bool {
			if t.holders[name] != nil || t.next >= t.limit {
				return false
			}
			h := holding{name, t.next}
			t.next++
			t.holders[name] = &holder{holding: h, session: id}
			s.peer.pipe.toClient(granted(h))
			n.world.note("%s grants %v to %s", n.name, h, id)
			return true
		})
	}
}

// enter puts a session on record, or that a plain session may hold.
func (t *table) enter(s *session) {
	m := t.node.machine
	switch {
	case !s.plain:
		s.mark = m.Enter(cluster.Session{ID: s.id})
	case !t.node.world.breaks.forgetsPlain:
		s.mark = m.Enter(cluster.Session{ID: cluster.Others})
	}
}
