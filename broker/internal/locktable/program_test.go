package locktable

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A program is made from bytes: each choice takes one. So the same interpreter
// serves rapid, which shrinks the bytes of a failure, and the fuzzer, which
// bends those that reach new code.
type program struct {
	bytes    []byte
	sessions []*chooser
	kept     []string // whose drop is done, and who may hold something still
	opened   int
	ids      []wire.ID // all that were ever used
	now      time.Duration
	ceiling  int64
	held     func() []wire.ID
	searches int    // how many more times it goes on with a search, more or less
	tally    *tally // or nil
}

// A chooser is an open session.
type chooser struct {
	name    string
	n       int64
	leaving bool
	parent  wire.ID // that it has named last: one more there is a sibling
}

// below chooses a number from 0 to n-1; 0 when the bytes are used up.
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

// next makes up a command that the table may be given as things stand.
func (p *program) next() command {
	if len(p.sessions) < 3 {
		s := &chooser{name: fmt.Sprintf("s%d", p.opened)}
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
	s := p.sessions[p.below(len(p.sessions))]
	choice := p.below(32)
	if s.leaving && choice < 14 || choice == 31 {
		c := command{verb: verbDrop, session: s.name, budget: []int{1, 0, 2, 3, whole}[p.below(5)]}
		if s.leaving {
			c.unkeep = p.below(3) == 0
		} else {
			c.keep = p.now + []time.Duration{-p.now, time.Second, 2 * time.Second}[p.below(3)]
		}
		s.leaving = true
		return c
	}
	switch {
	case choice < 14:
		return p.acquire(s)
	case choice < 17:
		return command{verb: verbRelease, id: p.id()}
	case choice < 19:
		return command{verb: verbCancel, id: p.id()}
	case choice == 19:
		return command{verb: verbEvict, id: p.anyID(), by: "ops", message: []string{"", "why"}[p.below(2)]}
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
	case choice < 30:
		return command{verb: verbInfo, query: p.query()}
	}
	return command{verb: verbDeadline}
}

// gone tells the program that a drop is done.
func (p *program) gone(name string) {
	if !slices.Contains(p.kept, name) {
		p.kept = append(p.kept, name)
	}
	p.sessions = slices.DeleteFunc(p.sessions, func(s *chooser) bool { return s.name == name })
}

func (p *program) acquire(s *chooser) command {
	a := Acquire{
		ID:   wire.ID{Session: s.name, N: s.n},
		Wait: []time.Duration{Forever, Forever, 0, time.Second, 2 * time.Second, 3 * time.Second}[p.below(6)],
		Hold: []time.Duration{0, 0, time.Second, 2 * time.Second, 3 * time.Second}[p.below(5)],
	}
	s.n += int64(1 + p.below(2))
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
		a.Locks = append(a.Locks, spec)
	}
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
	p.ids = append(p.ids, a.ID)
	return command{verb: verbAcquire, acquire: a}
}

// id chooses among the requests made lately whose session may still speak, or
// one that nobody made.
func (p *program) id() wire.ID {
	recent := p.ids[max(0, len(p.ids)-12):]
	if choice := p.below(13); choice < len(recent) {
		id := recent[len(recent)-1-choice]
		if !slices.ContainsFunc(p.sessions, func(s *chooser) bool { return s.leaving && s.name == id.Session }) {
			return id
		}
	}
	return wire.ID{Session: "garbage", N: -1}
}

// parent chooses one that holds: the one that s has named before, for a sibling, or one of its own, or
// anybody's.
func (p *program) parent(s *chooser) wire.ID {
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

// idOf chooses among the requests that a session made lately.
func (p *program) idOf(s *chooser) wire.ID {
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

// anyID chooses among the requests made lately, whoever made them.
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
	// A lock that the listing comes to, and places that there may be.
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

// run gives the program to a table and to an oracle, and compares them and
// checks the table after every command. An error tells the whole program.
func (p *program) run() error {
	config := p.config()
	d := newDuel(config)
	d.tally, p.held = p.tally, d.dumb.held
	if config.MaxIdle%2 == 1 {
		d.table.locks.mask = 1 // names with the same hash
	}
	for len(p.bytes) > 0 {
		c := p.next()
		done, err := d.step(c)
		if err != nil {
			return fmt.Errorf("%+v\n%s%w", config, d.log.String(), err)
		}
		if done {
			p.gone(c.session)
		}
	}
	unfinished := p.kept // one that is not kept any more is dropped bit by bit
	for _, s := range p.sessions {
		unfinished = append(unfinished, s.name)
	}
	for _, name := range unfinished {
		if _, err := d.step(command{verb: verbDrop, session: name, budget: whole}); err != nil {
			return fmt.Errorf("%+v\n%s%w", config, d.log.String(), err)
		}
	}
	for p.now += time.Minute; d.dumb.Held() > 0; { // what was kept
		if _, err := d.step(command{verb: verbAt, time: p.now}); err != nil {
			return fmt.Errorf("%+v\n%s%w", config, d.log.String(), err)
		}
	}
	return checkEmpty(d.table)
}

// A duel is a table and an oracle that get the same commands.
type duel struct {
	table       *Table
	dumb        *oracle
	of, against driver
	recorder    recorder
	mirror      mirror
	tally       *tally
	log         strings.Builder
}

func newDuel(config Config) *duel {
	d := &duel{table: New(config), dumb: newOracle(config), mirror: make(mirror)}
	d.of, d.against = driver{machine: d.table}, driver{machine: d.dumb}
	return d
}

// both gives a command to the table, then to the oracle, which keeps the table's pace.
func (d *duel) both(c command) (got, want outcome) {
	got = d.of.do(c)
	leftOver := (len(d.table.recheck) > 0 || len(d.dumb.raids) > 0) && d.table.granting()
	d.dumb.pace = &pace{events: got.Events, leftOver: leftOver}
	return got, d.against.do(c)
}

func (d *duel) step(c command) (done bool, err error) {
	fmt.Fprintln(&d.log, c)
	switch again, err := parseCommand(c.String()); {
	case err != nil:
		return false, fmt.Errorf("the command cannot be read: %w", err)
	case !reflect.DeepEqual(again, c):
		return false, fmt.Errorf("the command is read as %v", again)
	}
	var asked wire.ID
	if d.table.search != nil {
		asked = d.table.search.candidate.id()
	}
	got, want := d.both(c)
	if d.tally != nil {
		d.tally.count(c, got, asked, d.table)
	}
	for _, line := range got.lines(c) {
		fmt.Fprintln(&d.log, "  "+line)
	}
	if err := cmp.Or(differ(c, got, want), d.judge(c, got), d.mirror.see(d.table, got.Events)); err != nil {
		return false, err
	}
	if c.verb == verbClock {
		return false, nil // nothing was called: what is due is not done yet
	}
	events := got.Events
	if c.verb != verbDeadline && c.verb != verbHeld {
		everything := command{verb: verbInfo, query: Query{Empty: true, Max: 1000, Queue: 100}}
		got, want := d.both(everything)
		if err := cmp.Or(
			differ(everything, got, want),
			d.mirror.see(d.table, got.Events),
			d.mirror.agrees(*got.Page),
		); err != nil {
			return false, err
		}
		events = append(events, got.Events...) // of what was due and one call left to the next
	}
	done = got.Done && c.verb == verbDrop
	return done, cmp.Or(d.recorder.see(events), d.recorder.agrees(d.table), check(d.table), d.nobodyStuck())
}

// judge judges the ways that the table has found, of which there may be others.
func (d *duel) judge(c command, got outcome) error {
	for _, e := range got.Events {
		if e.Code == wire.Deadlock {
			return d.dumb.refused.checkCycle(e.Cycle)
		}
	}
	if c.verb != verbWhy {
		return nil
	}
	id := c.id
	if waiters := d.dumb.users(c.name, false); len(waiters) > 0 {
		id = waiters[0].ID
	}
	return d.dumb.checkChain(id, got.Chain)
}

// nobodyStuck is invariant 9, by the oracle's judgement.
func (d *duel) nobodyStuck() error {
	if stuck := d.dumb.stuckWith(nil); len(stuck) > 0 {
		return fmt.Errorf("invariant 9: %v can never be granted", stuck)
	}
	return nil
}

// differ compares all but what the oracle does not find: the words of reasons,
// cycles and chains.
func differ(c command, got, want outcome) error {
	got.Events, got.Chain = slices.Clone(got.Events), nil
	for i := range got.Events {
		got.Events[i].Reason, got.Events[i].Cycle, got.Events[i].request = "", nil, nil
	}
	if reflect.DeepEqual(got, want) {
		return nil
	}
	g, w := strings.Join(got.lines(c), "\n  "), strings.Join(want.lines(c), "\n  ")
	if g == w {
		g, w = fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want)
	}
	return fmt.Errorf("%s\n  %s\nbut the oracle says\n  %s", c, g, w)
}
