package locktable

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A program is made from bytes: each choice uses one. So one interpreter serves both rapid,
// which shrinks the bytes of a failure, and the fuzzer, which changes bytes to reach new code.
type program struct {
	bytes    []byte
	sessions []*programSession
	kept     []string // sessions whose drop is done, and that may still hold something
	opened   int
	ids      []wire.ID // all that were ever used
	now      time.Duration
	ceiling  int64
	held     func() []wire.ID
	searches int    // about how many more times it continues a search
	tally    *tally // or nil
}

// A programSession is an open session.
type programSession struct {
	name    string
	n       int64
	leaving bool
	absent  bool
	parent  wire.ID // the parent that it has named last; naming it again makes a sibling
}

// below chooses a number from 0 to n-1. It chooses 0 when the bytes are used up.
func (p *program) below(n int) int {
	if len(p.bytes) == 0 {
		return 0
	}
	b := p.bytes[0]
	p.bytes = p.bytes[1:]
	return int(b) % n
}

func (p *program) config() Config {
	first := int64(1 + p.below(2)*1000)
	p.ceiling = []int64{0, first, first + 3, first + 20}[p.below(4)]
	return Config{
		FirstToken:  first,
		Ceiling:     p.ceiling,
		MaxRequests: []int{12, 6, 3}[p.below(3)],
		MaxIdle:     p.below(4),
		Slice:       []int{1000, 1, 2, 3}[p.below(4)],
		Grants:      []int{1000, 1, 2, 4}[p.below(4)],
		Search:      []int{1000, 1, 3, 10}[p.below(4)],
	}
}

// next makes up a command that is legal in the present state.
func (p *program) next() command {
	if len(p.sessions) < 3 {
		s := &programSession{name: fmt.Sprintf("s%d", p.opened)}
		p.opened++
		p.sessions = append(p.sessions, s)
		return command{verb: verbOpen, session: s.name}
	}
	if p.searches > 0 && p.below(8) > 0 {
		p.searches--
		return command{verb: verbSearch}
	}
	if len(p.kept) > 0 && p.below(16) == 0 {
		name := p.kept[len(p.kept)-1-p.below(min(3, len(p.kept)))]
		return command{verb: verbDrop, session: name, budget: []int{whole, 0, 1}[p.below(3)], unkeep: true}
	}
	return p.ofSession(p.sessions[p.below(len(p.sessions))])
}

// ofSession makes up a command that is about a session, or any other.
func (p *program) ofSession(s *programSession) command {
	choice := p.below(32)
	switch {
	case s.leaving && choice < 14 || choice == 31:
		return p.drop(s)
	case p.turns(s, choice):
		return p.turn(s)
	case s.absent && choice < 14:
		return command{verb: verbDeadline}
	case choice < 14:
		return p.acquire(s)
	case choice < 17:
		return command{verb: verbRelease, id: p.id()}
	case choice < 19:
		return command{verb: verbCancel, id: p.id()}
	case choice == 19:
		return command{verb: verbEvict, id: p.anyID(), by: "ops", message: []string{"", "why"}[p.below(2)]}
	case choice == 30:
		return p.forbid(s)
	}
	return p.other(choice)
}

// other makes up a command that is not about one request or session: a question, or one that
// changes the time, the ceiling, or the whole table.
func (p *program) other(choice int) command {
	switch {
	case choice < 22:
		return command{verb: verbWhy, id: p.anyID()}
	case choice == 22:
		return command{verb: verbWhy, name: names()[p.below(len(names()))]}
	case choice == 23 && p.ceiling > 0:
		p.ceiling += int64(p.below(6))
		return command{verb: verbAllow, ceiling: p.ceiling}
	case choice == 24 && p.below(16) == 15:
		return command{verb: verbShut, budget: []int{1, 0, 2, whole}[p.below(4)]}
	case choice == 24:
		return command{verb: verbHeld}
	case choice < 28:
		p.now += []time.Duration{time.Second, 0, 2 * time.Second, time.Millisecond, 3 * time.Second}[p.below(5)]
		return command{verb: []string{verbAt, verbClock}[p.below(2)], time: p.now}
	case choice < 29:
		return command{verb: verbInfo, query: p.query()}
	case choice < 30:
		s := p.sessions[p.below(len(p.sessions))]
		return command{verb: verbSession, session: s.name, most: []int{wire.MaxPage, 0, 1, 3}[p.below(4)]}
	}
	return command{verb: verbDeadline}
}

// forbid makes up a slice of taking a permission from a session, or asks for the next deadline.
func (p *program) forbid(s *programSession) command {
	if s.leaving || p.below(2) == 0 {
		return command{verb: verbDeadline}
	}
	return command{
		verb: verbForbid, session: s.name, name: names()[p.below(len(names()))],
		budget: []int{whole, 0, 1, 2}[p.below(4)], after: []int64{-1, 0, p.id().N}[p.below(3)],
	}
}

// drop makes up a drop. The first drop of a session makes it leave.
func (p *program) drop(s *programSession) command {
	c := command{verb: verbDrop, session: s.name, budget: []int{1, 0, 2, 3, whole}[p.below(5)]}
	if s.leaving {
		c.unkeep = p.below(3) == 0
	} else {
		c.keep = p.now + []time.Duration{-p.now, time.Second, 2 * time.Second}[p.below(3)]
	}
	s.leaving = true
	return c
}

// turns decides whether a session becomes absent, or ends its absence.
func (p *program) turns(s *programSession, choice int) bool {
	return s.absent && choice < 4 || !s.leaving && choice == 29 && p.below(2) == 1
}

// turn makes a session absent, or ends its absence.
func (p *program) turn(s *programSession) command {
	if s.absent = !s.absent; s.absent {
		return command{verb: verbDetach, session: s.name}
	}
	return command{verb: verbAttach, session: s.name, move: p.below(2) == 1}
}

// gone tells the program that a drop is done.
func (p *program) gone(name string) {
	if !slices.Contains(p.kept, name) {
		p.kept = append(p.kept, name)
	}
	p.sessions = slices.DeleteFunc(p.sessions, func(s *programSession) bool { return s.name == name })
}

// acquire makes up an acquire.
func (p *program) acquire(s *programSession) command {
	a := Acquire{
		ID:   wire.ID{Session: s.name, N: s.n},
		Wait: []time.Duration{Forever, Forever, 0, time.Second, 2 * time.Second, 3 * time.Second}[p.below(6)],
		Hold: []time.Duration{0, 0, time.Second, 2 * time.Second, 3 * time.Second}[p.below(5)],
	}
	s.n += int64(1 + p.below(2))
	a.Locks = p.locks()
	switch p.below(8) {
	case 1:
		a.Parent = p.id()
	case 2:
		a.Parent = p.idOf(s)
	case 3, 4, 5:
		a.Parent = p.parent(s)
	case 6:
		a.Author = "author"
	case 7:
		a.Steal, a.By = p.below(2) == 1, "thief"
		for i := range a.Locks {
			a.Locks[i] = wire.LockSpec{Name: a.Locks[i].Name}
		}
	}
	if s.parent = cmp.Or(a.Parent, s.parent); !a.Parent.IsZero() {
		p.searches = []int{0, 1, 4, 30}[p.below(4)]
	}
	a.MaxWaiting = []int{0, 0, 0, 1, 2, 4}[p.below(6)]
	p.ids = append(p.ids, a.ID)
	return command{verb: verbAcquire, acquire: a}
}

// locks chooses mostly one lock, sometimes up to four.
func (p *program) locks() (locks []wire.LockSpec) {
	names := names()
	first, count := p.below(len(names)), 1+p.below(8)/5*(1+p.below(3))
	for i := range count {
		spec := wire.LockSpec{Name: names[(first+i)%len(names)]}
		switch how := p.below(6); how {
		case 0, 1:
		case 2:
			spec.Mode = wire.Shared
		default:
			spec.Mode, spec.Limit = wire.Shared, wire.Some(6-how)
		}
		locks = append(locks, spec)
	}
	return locks
}

// id chooses among the latest requests of sessions that have not left, or an id that nobody has
// used.
func (p *program) id() wire.ID {
	recent := p.ids[max(0, len(p.ids)-12):]
	if choice := p.below(13); choice < len(recent) {
		id := recent[len(recent)-1-choice]
		hasLeft := func(s *programSession) bool { return s.leaving && s.name == id.Session }
		if !slices.ContainsFunc(p.sessions, hasLeft) {
			return id
		}
	}
	return wire.ID{Session: "garbage", N: -1}
}

// parent chooses a request that holds: the one that s has named before, or one of s, or any.
func (p *program) parent(s *programSession) wire.ID {
	held := p.held()
	choice := p.below(4)
	if choice < 2 && slices.Contains(held, s.parent) {
		return s.parent
	}
	if choice > 0 {
		held = slices.DeleteFunc(held, func(id wire.ID) bool { return id.Session != s.name })
	}
	if len(held) == 0 {
		return wire.ID{}
	}
	return held[p.below(len(held))]
}

// idOf chooses among the latest requests of a session.
func (p *program) idOf(s *programSession) wire.ID {
	var own []wire.ID
	for _, id := range p.ids {
		if id.Session == s.name {
			own = append(own, id)
		}
	}
	own = own[max(0, len(own)-6):]
	if len(own) == 0 {
		return wire.ID{}
	}
	return own[p.below(len(own))]
}

// anyID chooses among the latest requests of all sessions.
func (p *program) anyID() wire.ID {
	recent := p.ids[max(0, len(p.ids)-16):]
	if len(recent) == 0 {
		return wire.ID{Session: "garbage", N: -1}
	}
	return recent[p.below(len(recent))]
}

func names() []string { return []string{"x", "y", "z", "z/1", "z/2"} }

func (p *program) query() Query {
	q := Query{
		Match: []string{"", "z*", "z/*", "z/**", "{x,y}"}[p.below(5)],
		Empty: p.below(2) == 1,
		After: int64(p.below(8)),
		Max:   1 + p.below(4),
		Queue: p.below(4),
	}
	if p.below(2) == 0 {
		return q
	}
	// One lock, and places where its lists may continue.
	q.Match, q.Seq = []string{"", "z*", "x"}[p.below(8)%3], int64(1+p.below(12))
	how := p.below(4)
	if how&1 != 0 {
		q.HoldersAfter = wire.Some(int64(p.below(24)))
	}
	if how&2 != 0 {
		q.WaitersAfter = wire.Some(int64(p.below(48)))
	}
	return q
}

// run gives the program to a table and to an oracle. After each command it compares them and checks
// the table. An error contains the whole program.
func (p *program) run() error {
	config := p.config()
	d := newComparison(config)
	d.tally, p.held = p.tally, d.oracle.heldIDs
	if config.MaxIdle%2 == 1 {
		d.table.locks.mask = 1 // so that names have the same hash
	}
	if err := p.runOn(d); err != nil {
		return fmt.Errorf("%+v\n%s%w", config, d.log.String(), err)
	}
	return checkEmpty(d.table)
}

// runOn gives d the commands of the program, then ends all sessions.
func (p *program) runOn(d *comparison) error {
	for len(p.bytes) > 0 {
		c := p.next()
		done, err := d.step(c)
		if err != nil {
			return err
		}
		if done {
			p.gone(c.session)
		}
	}
	unfinished := p.kept // one that is no longer kept may have something left
	for _, s := range p.sessions {
		unfinished = append(unfinished, s.name)
	}
	for _, name := range unfinished {
		if _, err := d.step(command{verb: verbDrop, session: name, budget: whole}); err != nil {
			return err
		}
	}
	for p.now += time.Minute; d.oracle.Held() > 0; { // what was kept
		if _, err := d.step(command{verb: verbAt, time: p.now}); err != nil {
			return err
		}
	}
	if d.ofTable.accounts != [2]Account{} {
		return fmt.Errorf("invariant 8: at the end the accounts say %+v", d.ofTable.accounts)
	}
	return nil
}
