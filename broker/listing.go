package broker

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A listing is an unfinished page of an answer to info. Finishing it may take several turns.
type listing struct {
	asked  *wire.Info
	rights *rights // under which it began
	paging *locktable.Paging
	page   *page
}

// info starts a page of the listing.
func (l *loop) info(s *session, m *wire.Info) {
	l.beginPage(s)
	l.beginListing(s, m)
	l.continueListing(s)
}

func (l *loop) beginListing(s *session, m *wire.Info) {
	query := core.QueryOf(m)
	l.viewOf(s).narrow(&query)
	term, address := l.member.asOwner()
	p := newPage(wire.InfoPage{ID: m.ID, Term: term, Owner: address})
	query.Tell = p.add
	s.listing = &listing{m, s.rights, l.table.BeginPage(query), p}
}

// restartListing begins a page again, because the rights of s have changed, or refuses it.
func (l *loop) restartListing(s *session) {
	asked := s.listing.asked
	if s.rights != nil {
		if refusal, lacks := s.rights.judge(asked); refusal != nil {
			s.listing = nil
			l.auditJudged(s, asked, refusal, lacks)
			l.refusePage(s, refusal)
			return
		}
	}
	l.beginListing(s, asked)
}

// continueListing works on a page for one turn, and sends the page if it is complete.
func (l *loop) continueListing(s *session) {
	if s.listing.rights != s.rights {
		l.restartListing(s)
		return
	}
	id, paging, p := s.listing.asked.ID, s.listing.paging, s.listing.page
	done, events := paging.Step(l.now(), l.events[:0])
	l.deliver(events)
	if !done || s.ended {
		return
	}
	s.listing = nil
	if paging.Page.TooFar {
		const message = "too many requests hold or wait before the place where the list continues"
		l.refusePage(s, &wire.Error{ID: id, Code: wire.TooMany, Message: message})
		return
	}
	p.end(paging.Page.Next, l.core.Pause(l.now()))
	l.reply(s, p)
}

// why answers why a request waits, or why the first waiter of a lock does.
func (l *loop) why(s *session, m *wire.Why, now time.Duration) {
	l.beginPage(s)
	var chain []wire.Step
	known := true
	if id, given := m.Request.Get(); given && s.rights.mayHide() && id.Session != s.name {
		locks, events := l.core.LocksOf(now, id, l.events[:0])
		l.deliver(events)
		if known = !l.viewOf(s).hidesRequest(locks); !known && len(locks) > 0 {
			refusal := &wire.Error{Code: wire.NotFound, Message: noSuchRequest}
			s.auditForbidden(m, refusal, wire.MayList, locks)
		}
	}
	events := l.events[:0]
	if name, given := m.Lock.Get(); given {
		chain, events = l.table.WhyLock(now, name, events)
	} else if known {
		chain, known, events = l.table.Why(now, m.Request.Or(wire.ID{}), events)
	}
	l.deliver(events)
	if !known {
		l.refusePage(s, &wire.Error{ID: m.ID, Code: wire.NotFound, Message: noSuchRequest})
		return
	}
	l.reply(s, &wire.Chain{ID: m.ID, Chain: chain, NotGranting: l.core.Pause(now)})
}
