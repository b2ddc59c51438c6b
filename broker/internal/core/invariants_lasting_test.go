package core

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A lastingSession is what the observer knows of a session that lasts.
type lastingSession struct {
	secret   string
	identity string
	kept     bool
	absent   bool
	until    time.Duration
	taker    *Resumption
}

// noteEmpty notes that Detach has ended a session, because it has no requests.
func (o *observer) noteEmpty(session string) error {
	delete(o.lasting, session)
	o.ended[session] = 0
	if u := o.uses(session); u.own > 0 {
		return fmt.Errorf("invariant 8: %s has requests, and was ended at once", session)
	}
	return nil
}

func (o *observer) noteDetached(session string, until time.Duration) {
	s := o.lasting[session]
	s.absent, s.until = true, max(until, s.until)
}

// noteAbsenceEnded notes that EndAbsence has ended a session.
func (o *observer) noteAbsenceEnded(session string, now time.Duration) error {
	s := o.lasting[session]
	delete(o.lasting, session)
	o.ended[session] = 0
	if s == nil || !s.absent || now < s.until {
		return fmt.Errorf("invariant 8: at %v %s was ended, known as %+v", now, session, s)
	}
	return nil
}

// checkNobodyLate checks that nobody has been absent for too long.
func (o *observer) checkNobodyLate(now time.Duration) error {
	for name, s := range o.lasting {
		if s.absent && s.until <= now {
			return fmt.Errorf("invariant 8: %s was absent until %v, now is %v", name, s.until, now)
		}
	}
	return nil
}

// picture describes everything that a check must not change.
func (o *observer) picture() string {
	table := o.machine.Table()
	var text strings.Builder
	fmt.Fprint(&text, table.Held(), table.InUse(), table.NextToken(), o.machine.Absent())
	for _, name := range slices.Sorted(maps.Keys(o.lasting)) {
		s := o.machine.lastings.byName[name]
		fmt.Fprint(&text, " ", name, s.absent, s.until, s.kept, s.key == KeyOf(o.lasting[name].secret))
	}
	return text.String()
}

// judgeCheck judges the answer of Check.
func (o *observer) judgeCheck(r *Resumption, ok, done bool) error {
	s := o.lasting[r.Claim.Session]
	switch {
	case !ok:
		return nil
	case s == nil || s.identity != r.Claim.Identity || !slices.Contains(r.Claim.Keys, KeyOf(s.secret)):
		return fmt.Errorf("invariant 9: %+v may take up %+v", r.Claim, s)
	case !s.kept && !s.absent:
		return fmt.Errorf("invariant 9: %s is not kept, and has its connection", r.Claim.Session)
	case !done:
		return nil
	case s.taker != nil && s.taker != r:
		return fmt.Errorf("invariant 9: two take up %s", r.Claim.Session)
	}
	s.taker = r
	for _, held := range r.Held {
		id := wire.ID{Session: r.Claim.Session, N: held.N}
		if o.waiting[id] || o.holding[id] && o.tokens[id] != held.Token {
			return fmt.Errorf("invariant 9: %v is not held with token %d", id, held.Token)
		}
	}
	return nil
}

// judgeSettled judges what Settle says of a statement.
func (o *observer) judgeSettled(r *Resumption) error {
	stated := make(map[int64]bool)
	if err := o.judgeHeld(r, stated); err != nil {
		return err
	}
	for _, w := range r.Waiting {
		stated[w.N] = true
	}
	for _, g := range r.Granted {
		if !o.holding[g.ID] || o.tokens[g.ID] != g.Token {
			return fmt.Errorf("invariant 10: %v does not hold with token %d", g.ID, g.Token)
		}
	}
	for _, w := range r.Missing {
		id := wire.ID{Session: r.Claim.Session, N: w.N}
		if o.holding[id] || o.waiting[id] {
			return fmt.Errorf("invariant 10: %v is not missing", id)
		}
	}
	for _, requests := range []map[wire.ID]bool{o.holding, o.waiting} {
		for other := range requests {
			if other.Session == r.Claim.Session && !stated[other.N] {
				return fmt.Errorf("invariant 10: %v was not stated, and has not ended", other)
			}
		}
	}
	return nil
}

// judgeHeld judges what Settle says of the requests that are stated as held, and notes their numbers.
func (o *observer) judgeHeld(r *Resumption, stated map[int64]bool) error {
	id := func(n int64) wire.ID { return wire.ID{Session: r.Claim.Session, N: n} }
	for _, n := range r.Holds {
		if stated[n] = true; !o.holding[id(n)] {
			return fmt.Errorf("invariant 10: %v does not hold", id(n))
		}
	}
	for _, n := range r.Lost {
		if stated[n] = true; o.holding[id(n)] {
			return fmt.Errorf("invariant 10: %v holds", id(n))
		}
	}
	if len(stated) != len(r.Held) {
		return fmt.Errorf("invariant 10: of %d held, %d are told", len(r.Held), len(stated))
	}
	return nil
}

// noteAttached notes that r has made its session go on with the connection of another one.
func (o *observer) noteAttached(r *Resumption, with string) error {
	s, own := o.lasting[r.Claim.Session], o.lasting[with]
	if s == nil || !s.absent || s.taker != r {
		return fmt.Errorf("invariant 9: %s was attached, known as %+v", r.Claim.Session, s)
	}
	s.absent, s.taker, s.secret, s.kept = false, nil, own.secret, own.kept
	delete(o.lasting, with)
	o.accounts[r.Claim.Session] = o.accounts[with]
	delete(o.accounts, with)
	return nil
}

func (o *observer) noteGivenUp(r *Resumption) {
	if s := o.lasting[r.Claim.Session]; s != nil && s.taker == r {
		s.taker = nil
	}
}

// checkLasting checks that the machine knows exactly the sessions that last, and their absence.
func (o *observer) checkLasting() error {
	absent := 0
	for name, s := range o.lasting {
		known := o.machine.lastings.byName[name]
		if known == nil || known.absent != s.absent || known.key != KeyOf(s.secret) || known.taker != s.taker {
			return fmt.Errorf("session %s is known as %+v, want %+v", name, known, s)
		}
		if s.absent {
			absent++
		}
	}
	if len(o.lasting) != len(o.machine.lastings.byName) || absent != o.machine.Absent() {
		return fmt.Errorf("%d sessions last, %d are absent, the machine says %d and %d",
			len(o.lasting), absent, len(o.machine.lastings.byName), o.machine.Absent())
	}
	return nil
}
