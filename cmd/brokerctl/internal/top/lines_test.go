package top

import (
	"strings"
	"testing"
)

// sample returns a table of locks that are easily confused.
func sample() *table {
	t := newTable()
	sweepOf(t, "s", 0, granted("free", 1, 1), granted("busy", 2, 0))
	three := held("three", 4, 5, 0)
	three.holding, three.first.Author = 3, "Reports"
	sweepOf(t, "s", 2, granted("free", 1, 1), granted("busy", 2, 200),
		held("old", 3, 90, 1), three, held("queue", 5, 20, 12), held("young", 6, 1, 1))
	return t
}

func listed(t *table, want selection) string {
	var l lines
	l.list(t, want)
	var names []string
	for _, lock := range l.locks {
		names = append(names, lock.name)
	}
	return strings.Join(names, " ")
}

func TestSort(t *testing.T) {
	for _, test := range []struct {
		order order
		want  string
	}{
		{order{ByName, false}, "busy old queue three young"},
		{order{ByName, true}, "young three queue old busy"},
		{order{ByWaiters, false}, "queue old young busy three"},
		{order{ByWaiters, true}, "busy three old young queue"},
		{order{ByHolders, false}, "three old queue young busy"},
		{order{ByAge, false}, "old queue three young busy"},
		{order{ByAge, true}, "busy young three queue old"},
		{order{ByWait, false}, "old queue young busy three"},
		{order{ByGrants, false}, "busy old queue three young"},
	} {
		if got := listed(sample(), selection{order: test.order}); got != test.want {
			t.Errorf("%v, reverse %v: %s, want %s", test.order.key, test.order.reverse, got, test.want)
		}
	}
}

func TestSelection(t *testing.T) {
	byName := order{key: ByName}
	for _, test := range []struct {
		want selection
		got  string
	}{
		{selection{order: byName, empty: true}, "busy free old queue three young"},
		{selection{order: byName, filter: "O"}, "old three young"},
		{selection{order: byName, filter: "u"}, "busy queue young"},
		{selection{order: byName, filter: "reports"}, "three"},
		{selection{order: byName, filter: "4 REP"}, "three"},
		{selection{order: byName, filter: "*"}, ""},
	} {
		if got := listed(sample(), test.want); got != test.got {
			t.Errorf("%+v: %q, want %q", test.want, got, test.got)
		}
	}
}

func TestSums(t *testing.T) {
	var l lines
	l.list(sample(), selection{filter: "nothing is so called"})
	if want := (sums{locks: 5, held: 4, waiting: 14, rate: 102}); l.sums != want {
		t.Errorf("%+v, want %+v", l.sums, want)
	}
}

func TestKeyNames(t *testing.T) {
	for k := range keys {
		var back Key
		if err := back.UnmarshalText([]byte(k.String())); err != nil || back != k {
			t.Errorf("%v: %v, %v", k, back, err)
		}
	}
	if err := new(Key).UnmarshalText([]byte("size")); err == nil || !strings.Contains(err.Error(), "waiters") {
		t.Errorf("a key that is none: %v", err)
	}
}

func TestFilterFindsWhatIsShown(t *testing.T) {
	for filterText, want := range map[filter]bool{`\n`: true, "new\nline": true, "LINE": true, "x": false} {
		if got := filterText.match(&lock{reading: reading{name: "new\nline"}}); got != want {
			t.Errorf("%q: %v", filterText, got)
		}
	}
}

// TestAges checks that an age grows between two readings, except for a lock that changes hands: its holder has
// released it since.
func TestAges(t *testing.T) {
	table := newTable()
	next := held("busy", 1, 1, 1)
	next.grants, next.first.ID, next.waiter = 9, id(8), id(9)
	sweepOf(table, "s", 0, held("busy", 1, 1, 1), held("still", 2, 10, 1))
	sweepOf(table, "s", 2, next, held("still", 2, 12, 1))
	for name, want := range map[string][]string{"busy": {"1.0s", "0.5s"}, "still": {"1m10s", "1m05s"}} {
		r := strings.Fields(numbersOf(table.locks[name], after(60)))
		if r[1] != want[0] || r[3] != want[1] {
			t.Errorf("%s: age %s, waited %s, want %v", name, r[1], r[3], want)
		}
	}
}
