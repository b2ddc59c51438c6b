package top

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

// sweepOf feeds a table a whole sweep as one page at the given second.
func sweepOf(t *table, session string, second float64, readings ...reading) {
	if len(readings) > 0 {
		t.read(page{at: after(second), session: session, readings: readings})
	}
	t.end(swept{at: after(second)})
}

func (t *table) names() string { return strings.Join(slices.Sorted(maps.Keys(t.locks)), " ") }

func TestRate(t *testing.T) {
	for _, test := range []struct {
		name string
		feed func(*table)
		want float64
	}{
		{"read once", func(t *table) { sweepOf(t, "s", 0, granted("a", 1, 5)) }, unknown},
		{"no grants since", func(t *table) {
			sweepOf(t, "s", 0, granted("a", 1, 5))
			sweepOf(t, "s", 2, granted("a", 1, 5))
		}, 0},
		{"difference over time", func(t *table) {
			sweepOf(t, "s", 0, granted("a", 1, 5))
			sweepOf(t, "s", 2, granted("a", 1, 25))
		}, 10},
		{"time between readings, not between sweeps", func(t *table) {
			t.read(page{at: after(0), session: "s", readings: []reading{granted("a", 1, 0)}})
			t.end(swept{at: after(5)})
			t.read(page{at: after(10), session: "s", readings: []reading{granted("a", 1, 20)}})
		}, 2},
		{"new, after a sweep that found no locks", func(t *table) {
			sweepOf(t, "s", 0)
			sweepOf(t, "s", 2, granted("a", 1, 8))
		}, unknown},
		{"new, after a sweep that found another lock", func(t *table) {
			sweepOf(t, "s", 0, granted("b", 1, 1))
			sweepOf(t, "s", 2, granted("b", 1, 1), granted("a", 2, 8))
		}, 4},
		{"forgotten, and back as another lock", func(t *table) {
			sweepOf(t, "s", 0, granted("a", 1, 100))
			sweepOf(t, "s", 2, granted("a", 7, 3))
		}, 1.5},
		{"another connection", func(t *table) {
			sweepOf(t, "s", 0, granted("a", 1, 5))
			sweepOf(t, "other", 2, granted("a", 1, 25))
		}, unknown},
		{"after an interrupted sweep", func(t *table) {
			sweepOf(t, "s", 0, granted("a", 1, 5))
			t.end(swept{at: after(1), err: errors.New("lost")})
			sweepOf(t, "s", 2, granted("a", 1, 25))
		}, unknown},
		{"no time between the readings", func(t *table) {
			sweepOf(t, "s", 0, granted("a", 1, 5))
			sweepOf(t, "s", 0, granted("a", 1, 6))
		}, unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := newTable()
			test.feed(table)
			if got := table.locks["a"].rate; got != test.want {
				t.Errorf("rate %v, want %v", got, test.want)
			}
		})
	}
}

// TestGone checks that a lock disappears when a page has passed it, and not earlier.
func TestGone(t *testing.T) {
	table := newTable()
	sweepOf(table, "s", 0, held("a", 1, 0, 0), held("b", 2, 0, 0), held("c", 3, 0, 0), held("d", 4, 0, 0))
	expect := func(want string) {
		t.Helper()
		if got := table.names(); got != want {
			t.Fatalf("locks %q, want %q", got, want)
		}
	}
	table.read(page{at: after(1), session: "s", readings: []reading{held("b", 2, 0, 0)}})
	expect("b c d")
	table.read(page{at: after(1), session: "s", readings: []reading{held("e", 9, 0, 0)}})
	expect("b e")
	table.end(swept{at: after(1)})
	expect("b e")

	// An interrupted sweep removes nothing.
	table.end(swept{at: after(2), err: errors.New("lost")})
	expect("b e")

	// On another connection seqs have another meaning. Only the end of the sweep tells which locks are gone.
	table.read(page{at: after(3), session: "new", readings: []reading{held("f", 50, 0, 0)}})
	expect("b e f")
	table.end(swept{at: after(3)})
	expect("f")
	table.end(swept{at: after(4)})
	expect("")
}

// TestForgottenAndBack checks a name that comes back as another lock during a sweep, and is listed twice. The
// later reading counts.
func TestForgottenAndBack(t *testing.T) {
	table := newTable()
	sweepOf(table, "s", 0, held("a", 1, 0, 0), held("b", 2, 0, 0))
	table.read(page{at: after(1), session: "s", readings: []reading{held("a", 1, 0, 0), held("b", 2, 0, 0)}})
	table.read(page{at: after(1), session: "s", readings: []reading{held("a", 8, 0, 3)}})
	table.end(swept{at: after(1)})
	if l := table.locks["a"]; l.seq != 8 || l.waiting != 3 || len(table.locks) != 2 {
		t.Errorf("got %+v of %d locks", l, len(table.locks))
	}
	sweepOf(table, "s", 2, held("b", 2, 0, 0))
	if got := table.names(); got != "b" {
		t.Errorf("locks %q", got)
	}
}

// TestSince checks that the start of a request does not change with each reading.
func TestSince(t *testing.T) {
	table := newTable()
	sweepOf(table, "s", 0, held("a", 1, 10, 1))
	sweepOf(table, "s", 2, held("a", 1, 12.003, 1))
	l := table.locks["a"]
	if got := l.heldSince; !got.Equal(after(-10)) {
		t.Errorf("held since %v", got)
	}
	if got := l.waitsSince; !got.Equal(after(-5)) {
		t.Errorf("waits since %v", got)
	}
	next := held("a", 1, 1, 0)
	next.first.ID = id(77)
	sweepOf(table, "s", 4, next)
	if got := l.heldSince; !got.Equal(after(3)) {
		t.Errorf("the next holds since %v", got)
	}
}
