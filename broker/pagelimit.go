package broker

import "github.com/lockbroker/lockbroker/broker/wire"

// A pageLimit limits how many pages are on their way to clients, because each takes up to 256 KiB.
// Here a page is an answer to info, why or clients. Each session may have one page on its way. Each
// share may have half as many as all sessions together.
type pageLimit struct {
	most    int      // Config.MaxPages
	onWay   int      // pages that have been started but not sent yet
	waiting []*share // shares with sessions that wait for a page
}

// asksForPage reports whether the answer to an item may be a page.
func asksForPage(what any) bool {
	switch what.(type) {
	case *wire.Info, *wire.Why, *wire.Clients:
		return true
	}
	return false
}

// room returns how many more pages may be started for a share. It can be negative.
func (p *pageLimit) room(of *share) int { return min(p.most-p.onWay, max(p.most/2, 1)-of.pages) }

// awaitPage makes s wait until another page may be started for its share.
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

// grantPages lets as many waiting sessions continue as there is room for. Shares, and the sessions
// of each share, are served in the order in which they started to wait.
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

// beginPage counts a new page of s. The next page of s must wait until the writer has sent this
// one.
func (l *loop) beginPage(s *session) {
	s.paging = true
	s.share.pages++
	l.pages.onWay++
}

// refusePage answers with an error instead of a page.
func (l *loop) refusePage(s *session, refusal *wire.Error) {
	l.reply(s, refusal)
	l.pageSent(s)
}

// pageSent records that the page of s was sent, or will never be. It queues the sessions that may
// now start a page.
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
