package owner

import "slices"

// A peer is the broker's side of a connection.
type peer struct {
	pipe  *pipe
	node  *node
	term  int64 // of the broker when the client said hello
	hello hello
	mark  Mark // the connection gets nothing before this is on record
	ready bool // the broker has said welcome, or resumed
	ended bool // the broker has closed it: it gets no answer, because its session may be on another one
}

// hear takes a message from the client. During a hand-over, the broker answers only pings.
func (p *peer) hear(message any) {
	n := p.node
	if _, isPing := message.(ping); !isPing && n.leaving {
		n.deferred = append(n.deferred, func() { p.handle(message) })
		return
	}
	p.handle(message)
}

func (p *peer) handle(message any) {
	n := p.node
	if m, isHello := message.(hello); isHello {
		if n.term == 0 { // not the owner
			p.pipe.toClient(closed{})
			return
		}
		p.hello, p.term, p.mark = m, n.term, n.machine.Opened()
		n.peers = append(n.peers, p)
		return
	}
	if p.term == 0 || p.term != n.term || p.ended {
		return
	}
	if s := p.session(); s != nil {
		s.heard = n.clock.read().Mono
	}
	switch m := message.(type) {
	case ping:
		if p.ready && n.mayAnswer() {
			p.pipe.toClient(pong(m))
		}
	case acquire:
		if s := p.session(); s != nil {
			n.table.enter(s)
			s.wants = append(s.wants, m.lock)
		}
	case release:
		n.table.release(p.hello.session, m.token)
	case goodbye:
		p.end()
	}
}

// session returns the session of the connection, or nil if it has none.
func (p *peer) session() *session {
	if s := p.node.table.sessions[p.hello.session]; s != nil && s.peer == p {
		return s
	}
	return nil
}

// end notes that the client has closed the connection. A session that can be taken up is kept. Others have given up.
func (p *peer) end() {
	n := p.node
	n.peers = slices.DeleteFunc(n.peers, func(o *peer) bool { return o == p })
	if s := p.session(); s != nil {
		s.peer, s.heard, s.wants = nil, n.clock.read().Mono, nil
		if s.plain {
			n.table.free(s.id, nil)
			n.table.forget(s.id)
		}
	}
}

// close closes the connection on the broker's side.
func (p *peer) close() {
	p.ended = true
	p.pipe.toClient(closed{})
}

// join makes p the connection of s. The one before it is closed.
func (p *peer) join(s *session) {
	n := p.node
	if old := s.peer; old != nil && old != p {
		n.peers = slices.DeleteFunc(n.peers, func(o *peer) bool { return o == old })
		old.close()
	}
	s.peer, s.wants, s.comes, s.heard = p, nil, false, n.clock.read().Mono
}

// isOnRecord reports whether a write has been acknowledged that began after the client's hello.
func (p *peer) isOnRecord() bool {
	return p.node.machine.Recorded(p.mark) || p.node.world.breaks.trustsHello
}

// proceed answers the hello when it may.
func (p *peer) proceed() {
	n := p.node
	if p.ready || n.leaving || !p.hello.resume && !n.mayAnswer() {
		return
	}
	switch {
	case !p.hello.resume:
		p.ready = true
		s := n.table.open(p.hello.session, p.hello.plain)
		p.join(s)
		p.pipe.toClient(welcome{p.hello.sent, n.machine.config.Timeout})
	case p.isOnRecord() && n.mayAnswer():
		p.ready = true
		p.resume()
	}
}

// resume takes a session up, or refuses to.
func (p *peer) resume() {
	n := p.node
	t, id := n.table, p.hello.session
	_, known := n.machine.Session(id)
	s := t.sessions[id]
	if !known && !n.world.breaks.resumesAnyone {
		if s != nil && len(s.wants) == 0 && s.peer == nil {
			t.forget(id) // it never asked for anything
		}
		p.pipe.toClient(notResumed{})
		return
	}
	n.world.counts.resumed++
	first := s == nil
	if first { // an earlier owner put it on record
		s = t.open(id, false)
	}
	p.join(s)
	held := p.claim(s, first)
	t.free(id, held)
	n.grace.cameBack(id)
	n.table.enter(s)
	p.pipe.toClient(resumed{p.hello.sent, n.machine.config.Timeout, held})
	n.world.note("%s resumes %s with %v of %v", n.name, id, held, p.hello.held)
}

// claim returns the tokens of the requests that the session still holds. first says that the table has not known it.
func (p *peer) claim(s *session, first bool) map[int64]bool {
	n := p.node
	record, _ := n.machine.Session(s.id)
	held := make(map[int64]bool)
	for _, claimed := range p.hello.held {
		h := n.table.holders[claimed.lock]
		switch {
		case slices.Contains(record.Revoked, claimed.token):
		case h != nil && h.session == s.id && h.token == claimed.token && h.mark == 0:
			held[claimed.token] = true
		case first && (h == nil || h.token < claimed.token):
			if h != nil { // the greater token is right
				n.tell(h)
			}
			n.table.holders[claimed.lock] = &holder{holding: claimed, session: s.id}
			held[claimed.token] = true
		}
		if held[claimed.token] && n.world.excused[claimed.token] {
			n.world.fail("%s lets %s keep %v, which was taken from it", n.name, s.id, claimed)
		}
	}
	return held
}

// tell tells the client that it has lost its lock.
func (n *node) tell(h *holder) {
	if s := n.table.sessions[h.session]; s != nil && s.peer != nil && n.mayAnswer() {
		s.peer.pipe.toClient(revoked{h.token})
	}
}
