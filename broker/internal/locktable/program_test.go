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
	opened   int
	ids      []wire.ID // all that were ever used
	now      time.Duration
}

// A chooser is an open session.
type chooser struct {
	name    string
	n       int64
	leaving bool
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
	return Config{
		FirstToken:  int64(1 + p.below(2)*1000),
		MaxRequests: []int{12, 6, 3}[p.below(3)],
		MaxIdle:     p.below(4),
		Slice:       []int{1000, 1, 2, 3}[p.below(4)],
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
	s := p.sessions[p.below(len(p.sessions))]
	choice := p.below(20)
	if s.leaving && choice < 8 || choice == 19 {
		s.leaving = true
		return command{verb: verbDrop, session: s.name, budget: []int{1, 0, 2, 3, whole}[p.below(5)]}
	}
	switch {
	case choice < 8:
		return p.acquire(s)
	case choice < 11:
		return command{verb: verbRelease, id: p.id()}
	case choice < 13:
		return command{verb: verbCancel, id: p.id()}
	case choice < 16:
		p.now += []time.Duration{time.Second, 0, 2 * time.Second, time.Millisecond, 3 * time.Second}[p.below(5)]
		return command{verb: []string{verbAt, verbClock}[p.below(2)], time: p.now}
	case choice < 18:
		return command{verb: verbInfo, query: p.query()}
	}
	return command{verb: verbDeadline}
}

// gone tells the program that a drop is done.
func (p *program) gone(name string) {
	p.sessions = slices.DeleteFunc(p.sessions, func(s *chooser) bool { return s.name == name })
}

func (p *program) acquire(s *chooser) command {
	a := Acquire{
		ID:   wire.ID{Session: s.name, N: s.n},
		Wait: []time.Duration{Forever, Forever, 0, time.Second, 2 * time.Second, 3 * time.Second}[p.below(6)],
		Hold: []time.Duration{0, 0, time.Second, 2 * time.Second, 3 * time.Second}[p.below(5)],
	}
	s.n += int64(1 + p.below(2))
	names := []string{"x", "y", "z", "z/1", "z/2"}
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
	switch p.below(4) {
	case 1:
		a.Parent = p.id()
	case 2:
		a.Author = "author"
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

func (p *program) query() Query {
	return Query{
		Match: []string{"", "z*", "z/*", "z/**", "{x,y}"}[p.below(5)],
		Empty: p.below(2) == 1,
		After: int64(p.below(8)),
		Max:   1 + p.below(4),
		Queue: p.below(4),
	}
}

// run gives the program to a table and to an oracle, and compares them and
// checks the table after every command. An error tells the whole program.
func (p *program) run() error {
	config := p.config()
	table, dumb := New(config), newOracle(config)
	d := &duel{table: table, of: driver{machine: table}, against: driver{machine: dumb}}
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
	for _, s := range p.sessions {
		if _, err := d.step(command{verb: verbDrop, session: s.name, budget: whole}); err != nil {
			return fmt.Errorf("%+v\n%s%w", config, d.log.String(), err)
		}
	}
	return checkEmpty(table)
}

// A duel is a table and an oracle that get the same commands.
type duel struct {
	table       *Table
	of, against driver
	recorder    recorder
	log         strings.Builder
}

func (d *duel) step(c command) (done bool, err error) {
	fmt.Fprintln(&d.log, c)
	switch again, err := parseCommand(c.String()); {
	case err != nil:
		return false, fmt.Errorf("the command cannot be read: %w", err)
	case !reflect.DeepEqual(again, c):
		return false, fmt.Errorf("the command is read as %v", again)
	}
	got, want := d.of.do(c), d.against.do(c)
	for _, line := range got.lines(c) {
		fmt.Fprintln(&d.log, "  "+line)
	}
	if err := differ(c, got, want); err != nil {
		return false, err
	}
	if c.verb == verbClock {
		return false, nil // nothing was called: what is due is not done yet
	}
	events := got.Events
	if c.verb != verbDeadline {
		everything := command{verb: verbInfo, query: Query{Empty: true, Max: 1000, Queue: 100}}
		got, want := d.of.do(everything), d.against.do(everything)
		if err := differ(everything, got, want); err != nil {
			return false, err
		}
		events = append(events, got.Events...) // of what was due and one call left to the next
	}
	return got.Done, cmp.Or(d.recorder.see(events), d.recorder.agrees(d.table), check(d.table))
}

// differ compares all but the words of reasons, which the oracle does not find.
func differ(c command, got, want outcome) error {
	got.Events = slices.Clone(got.Events)
	for i := range got.Events {
		got.Events[i].Reason = ""
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
