package broker

import "github.com/lockbroker/lockbroker/broker/wire"

// A pageLimit bounds the pages that are on their way to clients, which take up to 256 KiB each. A
// page is a part of the listing, or a chain of why. A session has one page on its way at a time,
// and all sessions together have a bounded number. One share has half of them at most.
type pageLimit struct {
	most    int      // Config.MaxPages
	onWay   int      // pages that are begun and not sent yet
	waiting []*share // with sessions that wait because there are too many
}

// asksForPage reports whether the answer to an item may be a page.
func asksForPage(what any) bool {
	switch what.(type) {
	case *wire.Info, *wire.Why:
		return true
	}
	return false
}

// room returns how many more pages may be begun for a share.
func (p *pageLimit) room(of *share) int { return min(p.most-p.onWay, max(p.most/2, 1)-of.pages) }

// awaitPage lets s wait until another page may be begun for its share.
func (l *loop) awaitPage(s *session) {
	if s.awaitsPage {
		return
	}
	s.awaitsPage = true
	if len(s.share.awaitPage) == 0 {
		l.pages.waiting = append(l.pages.waiting, s.share)
	}
	s.share.awaitPage = append(s.share.awaitPage, s)
}

// grantPages lets as many waiting sessions go on as there is room for, in the order in which their
// turns came.
func (l *loop) grantPages() {
	waiting := l.pages.waiting
	l.pages.waiting = nil
	for _, sh := range waiting {
		n := min(max(l.pages.room(sh), 0), len(sh.awaitPage))
		for _, s := range sh.awaitPage[:n] {
			s.awaitsPage = false
			l.queue(s)
		}
		if sh.awaitPage = sh.awaitPage[n:]; len(sh.awaitPage) > 0 {
			l.pages.waiting = append(l.pages.waiting, sh)
		}
	}
}

// beginPage begins a page of s. The next one must wait until the writer has sent it.
func (l *loop) beginPage(s *session) {
	s.paging = true
	s.share.pages++
	l.pages.onWay++
}

// refusePage answers with an error in place of a page.
func (l *loop) refusePage(s *session, refusal *wire.Error) {
	l.reply(s, refusal)
	l.pageSent(s)
}

// pageSent records that the page of s was sent, or will not be. Sessions that wait for that get
// their turns.
func (l *loop) pageSent(s *session) {
	if !s.paging {
		return
	}
	s.paging = false
	s.share.pages--
	l.pages.onWay--
	l.grantPages()
	l.queue(s)
}
