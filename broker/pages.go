package broker

import "github.com/lockbroker/lockbroker/broker/wire"

// A page, a part of the listing or a chain, may have 2 MiB. So a session has one at a time on its way, and
// all sessions together only so many: whoever asks for many and reads none costs little memory. One
// share has half of them at most.
type pages struct {
	most    int        // at once
	due     int        // made and not sent yet
	waiting []*session // whose turn came when there were too many
}

// asksForPage reports whether the answer to m may be as long as a page.
func asksForPage(m wire.Request) bool {
	switch m.(type) {
	case *wire.Info, *wire.Why:
		return true
	}
	return false
}

func (p *pages) mayBeMade(of *share) bool { return p.due < p.most && of.pages < max(p.most/2, 1) }

// replyPage queues a page. The next one must wait until the writer has sent it.
func (l *loop) replyPage(s *session, m wire.Reply) {
	l.reply(s, m)
	if s.leaves {
		return
	}
	s.paging = true
	s.share.pages++
	l.pages.due++
}

// pageSent notes that the page of s was sent, or will not be, and lets those who wait for that
// have their turns again.
func (l *loop) pageSent(s *session) {
	if !s.paging {
		return
	}
	s.paging = false
	s.share.pages--
	l.pages.due--
	waiting := l.pages.waiting
	l.pages.waiting = nil
	for _, other := range waiting {
		l.await(other)
	}
	l.await(s)
}
