package locktable

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A comparison gives the same commands to a table and to an oracle.
type comparison struct {
	table    *Table
	oracle   *oracle
	ofTable  driver
	ofOracle driver
	recorder recorder
	mirror   mirror
	tally    *tally
	log      strings.Builder
}

func newComparison(config Config) *comparison {
	d := &comparison{table: New(config), oracle: newOracle(config), mirror: make(mirror)}
	d.ofTable, d.ofOracle = driver{machine: d.table}, driver{machine: d.oracle}
	return d
}

// both gives a command to the table, then to the oracle, which keeps the table's pace.
func (d *comparison) both(c command) (got, want outcome) {
	got = d.ofTable.do(c)
	leftOver := (len(d.table.recheck) > 0 || len(d.oracle.steals) > 0) && d.table.granting()
	d.oracle.pace = &pace{events: got.Events, leftOver: leftOver}
	return got, d.ofOracle.do(c)
}

// step gives a command to both, compares what they return, and checks the table. It reports
// whether the command was a drop that is done.
func (d *comparison) step(c command) (done bool, err error) {
	fmt.Fprintln(&d.log, c)
	if err := checkReadable(c); err != nil {
		return false, err
	}
	var candidate wire.ID
	if d.table.search != nil {
		candidate = d.table.search.candidate.id()
	}
	d.recorder.watch(c)
	got, want := d.both(c)
	if d.tally != nil {
		d.tally.count(c, got, candidate, d.table)
	}
	for _, line := range got.lines(c) {
		fmt.Fprintln(&d.log, "  "+line)
	}
	if err := cmp.Or(differ(c, got, want), d.judge(c, got), d.mirror.see(d.table, got.Events)); err != nil {
		return false, err
	}
	if c.verb == verbClock {
		return false, nil // no call was made, so what is due is not done yet
	}
	events := got.Events
	if c.verb != verbDeadline && c.verb != verbHeld {
		more, err := d.compareAll()
		if err != nil {
			return false, err
		}
		events = append(events, more...) // caused by work that the call had left to the next
	}
	done = got.Done && c.verb == verbDrop
	return done, cmp.Or(d.compareRequests(),
		d.recorder.see(events), d.recorder.agrees(d.table), check(d.table), d.nobodyStuck())
}

// checkReadable checks that a script can have the command.
func checkReadable(c command) error {
	switch again, err := parseCommand(c.String()); {
	case err != nil:
		return fmt.Errorf("the command cannot be read: %w", err)
	case !reflect.DeepEqual(again, c):
		return fmt.Errorf("the command is read as %v", again)
	}
	return nil
}

// compareAll compares listings of everything, and returns the events that this call caused.
func (d *comparison) compareAll() ([]Event, error) {
	everything := command{verb: verbInfo, query: Query{Empty: true, Max: 1000, Queue: 100}}
	got, want := d.both(everything)
	return got.Events, cmp.Or(
		differ(everything, got, want),
		d.mirror.see(d.table, got.Events),
		d.mirror.agrees(*got.Page),
	)
}

// compareRequests compares the lists of the requests of all sessions, read a few at a time.
func (d *comparison) compareRequests() error {
	for name := range d.table.sessions.All() {
		for _, held := range []bool{false, true} {
			var got, want []int64
			for after, done := int64(-1), false; !done; {
				after, done = d.table.EachRequest(name, held, after, 2, func(n int64) {
					got = append(got, n)
				})
			}
			d.oracle.EachRequest(name, held, -1, whole, func(n int64) { want = append(want, n) })
			if !slices.Equal(got, want) {
				const format = "the requests of %s that hold (%t) are %v, want %v"
				return fmt.Errorf(format, name, held, got, want)
			}
		}
	}
	return nil
}

// judge judges the cycles and chains that the table has found. There may be others.
func (d *comparison) judge(c command, got outcome) error {
	for _, e := range got.Events {
		if e.Code == wire.Deadlock {
			return d.oracle.refused.checkCycle(e.Cycle)
		}
	}
	if c.verb != verbWhy {
		return nil
	}
	id := c.id
	if waiters := d.oracle.users(c.name, false); len(waiters) > 0 {
		id = waiters[0].ID
	}
	return d.oracle.checkChain(id, got.Chain)
}

// nobodyStuck is invariant 9, as the oracle judges it.
func (d *comparison) nobodyStuck() error {
	if stuck := d.oracle.stuckWith(nil); len(stuck) > 0 {
		return fmt.Errorf("invariant 9: %v can never be granted", stuck)
	}
	return nil
}

// differ compares everything except what the oracle does not find: the words of reasons, cycles
// and chains.
func differ(c command, got, want outcome) error {
	got.Events, got.Chain = slices.Clone(got.Events), nil
	for i := range got.Events {
		got.Events[i].Reason, got.Events[i].Cycle, got.Events[i].request = "", nil, nil
		got.Events[i].Steps = 0 // of the cycle
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
