package wsclient_test

import (
	"errors"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

func waiter(author, id string) wire.RequestInfo {
	return wire.RequestInfo{ID: wire.ParseID(id), Author: author}
}

func holder(author, id string) wire.RequestInfo {
	r := waiter(author, id)
	r.Token = 1
	return r
}

// A deadlock is described in a sentence that ends where it began.
func TestDeadlockInWords(t *testing.T) {
	tests := []struct {
		name  string
		cycle []wire.Step
		want  string
	}{
		{"two programs", []wire.Step{
			{Request: waiter("create_user", "k3--4"), Lock: "b", Blocker: holder("report", "x9--1")},
			{Request: waiter("report", "x9--4"), Lock: "a", Blocker: holder("create_user", "k3--0")},
		}, "create_user (k3--4) waits for b, held by report (x9--1), which waits for a, held by create_user"},
		{"one program", []wire.Step{
			{Request: waiter("create_user", "k3--4"), Lock: "a", Blocker: holder("create_user", "k3--0")},
		}, "create_user (k3--4) waits for a, held by create_user"},
		{"behind another waiter", []wire.Step{
			{Request: waiter("create_user", "k3--4"), Lock: "b", Blocker: waiter("report", "x9--4")},
			{Request: waiter("report", "x9--4"), Lock: "a", Blocker: holder("create_user", "k3--0")},
		}, "create_user (k3--4) waits for b, behind report (x9--4), which waits for a, held by create_user"},
		{"without authors", []wire.Step{
			{Request: waiter("", "k3--4"), Lock: "b", Blocker: holder("", "x9--1")},
			{Request: waiter("", "x9--4"), Lock: "a", Blocker: holder("", "k3--0")},
		}, "k3--4 waits for b, held by x9--1, which waits for a, held by k3--0"},
		{"a program with two authors", []wire.Step{
			{Request: waiter("create_user", "k3--4"), Lock: "b", Blocker: holder("report", "x9--1")},
			{Request: waiter("print", "x9--4"), Lock: "a", Blocker: holder("web", "k3--0")},
		}, "create_user (k3--4) waits for b, held by report (x9--1), " +
			"inside which print (x9--4) waits for a, held by web (k3--0), " +
			"inside which create_user (k3--4) was made"},
		{"programs that start one another", []wire.Step{
			{Request: waiter("", "ab--0"), Lock: "b", Blocker: holder("", "b0--0")},
			{Request: waiter("", "ba--0"), Lock: "a", Blocker: holder("", "a0--0")},
		}, "ab--0 waits for b, held by b0--0, " +
			"inside which ba--0 waits for a, held by a0--0, inside which ab--0 was made"},
		{"text that would forge a line is quoted", []wire.Step{
			{Request: waiter("a\nb", "k3--4"), Lock: "b\x1b[2J", Blocker: holder("\u202e", "x9--1")},
			{Request: waiter("\u202e", "x9--4"), Lock: "a b", Blocker: holder("a\nb", "k3--0")},
		}, `"a\nb" (k3--4) waits for "b\x1b[2J", ` +
			`held by "\u202e" (x9--1), which waits for a b, held by "a\nb"`},
		{"what is hidden", []wire.Step{
			{Request: waiter("create_user", "k3--4"), Lock: "b", Blocker: wire.RequestInfo{Hidden: true}},
			{Request: wire.RequestInfo{Hidden: true}, Blocker: wire.RequestInfo{Hidden: true}},
			{Request: wire.RequestInfo{Hidden: true}, Lock: "a", Blocker: holder("create_user", "k3--0")},
		}, "create_user (k3--4) waits for b, blocked by a hidden request; " +
			"a hidden request waits for a hidden lock, blocked by a hidden request; " +
			"a hidden request waits for a, held by create_user"},
	}
	for _, test := range tests {
		err := error(&wsclient.Error{Code: wire.Deadlock, Message: "it could never end", Cycle: test.cycle})
		if got, want := err.Error(), "deadlock: it could never end: "+test.want; got != want {
			t.Errorf("%s: got\n     %s\nwant %s", test.name, got, want)
		}
		if !errors.Is(err, wsclient.ErrDeadlock) {
			t.Errorf("%s: not ErrDeadlock", test.name)
		}
	}
}

// The last request of a chain differs from the first, even if both have the same author.
func TestExplain(t *testing.T) {
	chain := []wire.Step{
		{Request: waiter("create_user", "k3--4"), Lock: "b", Blocker: waiter("report", "x9--4")},
		{Request: waiter("report", "x9--4"), Lock: "a", Blocker: holder("create_user", "k3--1")},
	}
	want := "create_user (k3--4) waits for b, behind report (x9--4), which waits for a, held by create_user (k3--1)"
	if got := wsclient.Explain(chain); got != want {
		t.Errorf("got\n     %s\nwant %s", got, want)
	}
	seat := func(author string) wire.RequestInfo { return holder(author, author+"--1") }
	for want, chain := range map[string][]wire.Step{
		"k3--4 waits for a, held by b (b--1) and c (c--1)": {{
			Request: waiter("", "k3--4"), Lock: "a", Blocker: seat("b"), Holding: 2,
			Others: []wire.RequestInfo{seat("c")},
		}},
		"k3--4 waits for a, held by b (b--1), c (c--1), d (d--1) and 3 more": {{
			Request: waiter("", "k3--4"), Lock: "a", Blocker: seat("b"), Holding: 6,
			Others: []wire.RequestInfo{seat("c"), seat("d")},
		}},
		"k3--4 waits for a, held by b (b--1) and 4 more": {{
			Request: waiter("", "k3--4"), Lock: "a", Blocker: seat("b"), Holding: 5,
		}},
		"k3--4 waits for a, held by b (b--1) and c (c--1); b (b--2) waits for x, held by d (d--1)": {{
			Request: waiter("", "k3--4"), Lock: "a", Blocker: seat("b"), Holding: 2,
			Others: []wire.RequestInfo{seat("c")},
		}, {
			Request: waiter("b", "b--2"), Lock: "x", Blocker: seat("d"),
		}},
		"k3--4 waits for a, held by b (b--1) and c (c--1); " +
			"e (e--2), inside b (b--1), waits for x, behind d (d--1)": {{
			Request: waiter("", "k3--4"), Lock: "a", Blocker: seat("b"), Holding: 2,
			Others: []wire.RequestInfo{seat("c")},
		}, {
			Request: waiter("e", "e--2"), Lock: "x", Blocker: waiter("d", "d--1"),
		}},
	} {
		if got := wsclient.Explain(chain); got != want {
			t.Errorf("got\n     %s\nwant %s", got, want)
		}
	}
	if got := wsclient.Explain(nil); got != "" {
		t.Errorf("an empty chain: got %q", got)
	}
}

// Who did it, and why, is printed as it was sent, or quoted.
func TestBlameInWords(t *testing.T) {
	for want, err := range map[string]error{
		"evicted by ops: stuck since noon": &wsclient.Error{Code: wire.WasEvicted, By: "ops",
			Message: "stuck since noon"},
		"evicted by ops": &wsclient.Error{Code: wire.WasEvicted, By: "ops"},
		`evicted by "o\nps": "stuck\r"`: &wsclient.Error{Code: wire.WasEvicted, By: "o\nps",
			Message: "stuck\r"},
		"lock was lost: stolen by ops": &wsclient.LostError{Reason: wsclient.LostStolen,
			By: "ops"},
		"lock was lost: evicted by ops: since noon": &wsclient.LostError{Reason: wsclient.LostEvicted,
			By: "ops", Message: "since noon"},
		`lock was lost: evicted by ops: "\x1b[2Jok"`: &wsclient.LostError{Reason: wsclient.LostEvicted,
			By: "ops", Message: "\x1b[2Jok"},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got\n     %s\nwant %s", got, want)
		}
	}
}
