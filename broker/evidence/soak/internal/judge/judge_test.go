package judge

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
)

// A step reports a holder, written as "process n lock[s|limit] token called from to".
type step struct {
	process  string
	locks    string // a name; with a colon and a limit it is shared, 0 being no limit; several with commas
	token    int64
	called   int64
	from, to int64
}

func (s step) holder(n int) record.Holder {
	h := record.Holder{N: int64(n), ID: fmt.Sprint("s--", n), Token: s.token, Called: s.called, From: s.from,
		To: s.to}
	for text := range strings.SplitSeq(s.locks, ",") {
		name, limit, shared := strings.Cut(text, ":")
		lock := record.Lock{Name: name, Shared: shared}
		if shared {
			_, _ = fmt.Sscan(limit, &lock.Limit)
		}
		h.Locks = append(h.Locks, lock)
	}
	return h
}

// TestJudge checks that each kind of violation is found, in either order of the reports, and that the same reports a
// little changed are accepted.
func TestJudge(t *testing.T) {
	for _, test := range []struct {
		name  string
		steps []step
		want  []promise.Promise
	}{
		{"one after the other", []step{{"p", "a", 1, 0, 10, 20}, {"q", "a", 2, 15, 21, 30}}, nil},
		{"two holders", []step{{"p", "a", 1, 0, 10, 20}, {"q", "a", 2, 5, 20, 30}},
			[]promise.Promise{promise.Lease}},
		{"two holders of one client", []step{{"p", "a", 1, 0, 10, 20}, {"p", "a", 2, 5, 15, 30}},
			[]promise.Promise{promise.Exclusion}},
		{"a reader and a writer", []step{{"p", "a:0", 1, 0, 10, 20}, {"q", "a", 2, 5, 15, 30}},
			[]promise.Promise{promise.Lease}},
		{"two readers", []step{{"p", "a:0", 1, 0, 10, 20}, {"q", "a:0", 2, 5, 15, 30}}, nil},
		{"two of two", []step{{"p", "a:2", 1, 0, 10, 20}, {"q", "a:2", 2, 5, 15, 30}}, nil},
		{"three of two", []step{{"p", "a:2", 1, 0, 10, 20}, {"q", "a:2", 2, 5, 15, 30}, {"r", "a:2", 3, 5, 16,
			18}},
			[]promise.Promise{promise.Exclusion}},
		{"three of two, but two at once", []step{{"p", "a:2", 1, 0, 10, 20}, {"q", "a:2", 2, 5, 15, 30},
			{"r", "a:2", 3, 5, 21, 28}}, nil},
		{"a reader more than the other accepts", []step{{"p", "a:0", 1, 0, 10, 20}, {"q", "a:1", 2, 5, 15, 30}},
			[]promise.Promise{promise.Exclusion}},
		{"the second of several", []step{{"p", "a,b", 1, 0, 10, 20}, {"q", "c,b", 2, 5, 15, 30}},
			[]promise.Promise{promise.Lease}},
		{"a token that falls", []step{{"p", "a", 2, 0, 10, 20}, {"q", "b", 1, 11, 21, 30}},
			[]promise.Promise{promise.RisingTokens}},
		{"a token that is repeated", []step{{"p", "a", 2, 0, 10, 20}, {"q", "b", 2, 11, 21, 30}},
			[]promise.Promise{promise.RisingTokens}},
		{"a token that two have at the same time", []step{{"p", "a", 2, 0, 10, 20}, {"q", "b", 2, 1, 11, 30}},
			[]promise.Promise{promise.RisingTokens}},
		{"an order that is not known", []step{{"p", "a", 2, 0, 10, 20}, {"q", "b", 1, 10, 21, 30}}, nil},
	} {
		for _, reversed := range []bool{false, true} {
			if got := judged(test.steps, reversed); !slices.Equal(got, test.want) {
				t.Errorf("%s (reversed: %v): %v, want %v", test.name, reversed, got, test.want)
			}
		}
	}
}

// judged returns the promises that the steps break.
func judged(steps []step, reversed bool) []promise.Promise {
	var broken []promise.Promise
	j := New(1000, func(v *promise.Violation) { broken = append(broken, v.Promise) })
	steps = slices.Clone(steps)
	if reversed {
		slices.Reverse(steps)
	}
	for n, s := range steps {
		j.Hold(s.process, s.holder(n))
	}
	return broken
}

// TestSample checks that a holder that goes on too long is found when its sample arrives, even a late one.
func TestSample(t *testing.T) {
	var broken []string
	j := New(1000, func(v *promise.Violation) { broken = append(broken, v.Error()) })
	j.Hold("p", step{"p", "a", 1, 0, 10, 10}.holder(0))
	j.Hold("q", step{"q", "a", 2, 5, 50, 60}.holder(1))
	j.Sample("p", record.Sample{N: 0, To: 49})
	j.Sample("p", record.Sample{N: 0, To: 30})
	j.Sample("p", record.Sample{N: 7, To: 55}) // of a holder that nobody knows
	if broken != nil {
		t.Fatalf("the holders do not overlap: %q", broken)
	}
	j.Sample("p", record.Sample{N: 0, To: 50})
	if len(broken) != 1 || !strings.HasPrefix(broken[0], "P5 lease: request s--0 of client 0 in p, token 1") {
		t.Errorf("got %q, want one broken lease", broken)
	}
}

// TestLoose checks that only the tokens of locks that may be stolen are compared.
func TestLoose(t *testing.T) {
	var broken []promise.Promise
	j := New(1000, func(v *promise.Violation) { broken = append(broken, v.Promise) })
	for n, s := range []step{{"p", "a", 2, 0, 10, 20}, {"q", "a", 1, 12, 15, 30}} {
		h := s.holder(n)
		h.Loose = true
		j.Hold(s.process, h)
	}
	if !slices.Equal(broken, []promise.Promise{promise.RisingTokens}) {
		t.Errorf("got %v, want rising tokens alone", broken)
	}
}

// TestQuiet checks that a grant in a quiet period is found, whichever the judge learns first.
func TestQuiet(t *testing.T) {
	for _, test := range []struct {
		called, from int64
		want         int
	}{
		{9, 15, 0}, {10, 15, 1}, {12, 20, 1}, {12, 21, 0},
	} {
		for _, periodFirst := range []bool{false, true} {
			var broken []promise.Promise
			j := New(1000, func(v *promise.Violation) { broken = append(broken, v.Promise) })
			hold := func() { j.Hold("p", step{"p", "a", 1, test.called, test.from, test.from}.holder(0)) }
			if !periodFirst {
				hold()
			}
			j.Quiet(promise.Grace, 10, 20, "the broker was killed")
			if periodFirst {
				hold()
			}
			if len(broken) != test.want {
				t.Errorf("%+v: %v", test, broken)
			}
		}
	}
}

// TestForget checks that the judge forgets old intervals, but not how far the tokens had risen.
func TestForget(t *testing.T) {
	var broken []promise.Promise
	j := New(1000, func(v *promise.Violation) { broken = append(broken, v.Promise) })
	const many = 5000
	for n := range int64(many) {
		at := n * 10
		j.Hold("p", step{"p", "a", n + 1, at, at + 1, at + 2}.holder(int(n)))
	}
	if broken != nil || len(j.order) > 1000 || len(j.all) != len(j.order) || len(j.locks["a"]) != len(j.order) {
		t.Errorf("%v, %d intervals, %d by key, %d of the lock", broken, len(j.order), len(j.all),
			len(j.locks["a"]))
	}
	at := int64(many * 10)
	j.Hold("p", step{"p", "b", 17, at, at + 1, at + 2}.holder(many))
	if len(broken) == 0 || broken[0] != promise.RisingTokens {
		t.Errorf("a token from long ago: %v", broken)
	}
}
