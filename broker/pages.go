package broker

import "github.com/lockbroker/lockbroker/broker/wire"

// A page, a part of the listing or a chain, may have a quarter of a MiB. So a session has one at a time on its way, and
// all sessions together only so many: whoever asks for many and reads none costs little memory. One
// share has half of them at most.
type pages struct {
	most    int      // at once
	due     int      // begun and not sent yet
	waiting []*share // that have sessions whose turn came when there were too many
}

// asksForPage reports whether the answer to m may be as long as a page.
func asksForPage(m wire.Request) bool {
	switch m.(type) {
	case *wire.Info, *wire.Why:
		return true
	}
	return false
}

// room is how many more pages may be begun for a share.
func (p *pages) room(of *share) int { return min(p.most-p.due, max(p.most/2, 1)-of.pages) }

// awaitRoom lets s wait until another page may be begun for its share.
func (l *loop) awaitRoom(s *session) {
	if s.awaitsRoom {
		return
	}
	s.awaitsRoom = true
	if len(s.share.awaitRoom) == 0 {
		l.pages.waiting = append(l.pages.waiting, s.share)
	}
	s.share.awaitRoom = append(s.share.awaitRoom, s)
}

// useRoom lets as many go on as there is room for, in the order in which their turns came.
func (l *loop) useRoom() {
	waiting := l.pages.waiting
	l.pages.waiting = nil
	for _, sh := range waiting {
		n := min(max(l.pages.room(sh), 0), len(sh.awaitRoom))
		for _, s := range sh.awaitRoom[:n] {
			s.awaitsRoom = false
			l.await(s)
		}
		if sh.awaitRoom = sh.awaitRoom[n:]; len(sh.awaitRoom) > 0 {
			l.pages.waiting = append(l.pages.waiting, sh)
		}
	}
}

// beginPage begins a page of s, whose turn it is. The next one must wait until the writer has sent it.
func (l *loop) beginPage(s *session) {
	s.paging = true
	s.share.pages++
	l.pages.due++
}

// refusePage answers with an error instead.
func (l *loop) refusePage(s *session, refusal *wire.Error) {
	l.reply(s, refusal)
	l.pageSent(s)
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
	l.useRoom()
	l.await(s)
}
