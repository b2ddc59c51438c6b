package event

import (
	"reflect"
	"testing"
)

// TestParse reads what String writes.
func TestParse(t *testing.T) {
	for _, e := range []Event{
		{Time: 1, Verb: Called, Request: 7, Locks: []Lock{{Name: "a"}}},
		{Time: 2, Verb: Called, Request: 8, Locks: []Lock{
			{Name: "a", Shared: true}, {Name: "b", Shared: true, Limit: 3},
		}},
		{Time: 3, Verb: Granted, Request: 7, Token: 1 << 52},
		{Time: 4, Verb: Held, Request: 7},
		{Time: 4, Verb: LostAt, Request: 7},
		{Time: 5, Verb: Released, Request: 7},
		{Time: 6, Verb: Lost, Request: 8, Reason: "the lease has ended"},
		{Time: 7, Verb: Failed, Request: 9, Reason: "it took: too long"},
	} {
		got, err := Parse(e.String())
		if err != nil {
			t.Error(err)
		} else if !reflect.DeepEqual(got, e) {
			t.Errorf("%s is read as %+v, want %+v", e, got, e)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, line := range []string{
		"", "1", "1 held", "x held 1", "1 held x", "1 kept 1", "1 called 1", "1 called 1 a:exclusive",
		"1 called 1 a:shared:many", "1 granted 1", "1 granted 1 x",
	} {
		if e, err := Parse(line); err == nil {
			t.Errorf("%q is read as %+v", line, e)
		}
	}
}
