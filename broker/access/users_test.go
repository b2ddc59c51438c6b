package access

import (
	"context"
	"errors"
	"testing"
)

func TestUsers(t *testing.T) {
	names := map[uint32]string{1000: "alice", 1001: "bob"}
	some, err := NewUsers(names)
	if err != nil {
		t.Fatal(err)
	}
	names[1000] = "mallory" // the authenticator has its own copy
	every, err := NewUsers(nil)
	if err != nil {
		t.Fatal(err)
	}
	none, err := NewUsers(map[uint32]string{})
	if err != nil {
		t.Fatal(err)
	}
	for _, try := range []struct {
		users *Users
		uid   uint32
		want  string // "": refused
	}{
		{some, 1000, "alice"}, {some, 1001, "bob"}, {some, 0, ""},
		{every, 1000, "uid:1000"}, {every, 0, "uid:0"}, {every, 1<<32 - 1, "uid:4294967295"},
		{none, 0, ""},
	} {
		got, err := try.users.Authenticate(context.Background(), Credential{User: &User{UID: try.uid}})
		if got.Name != try.want || (err == nil) != (try.want != "") || errors.Is(err, ErrNotMine) {
			t.Errorf("user %d: got %v, %v, want %q", try.uid, got, err, try.want)
		}
	}
	if _, err := some.Authenticate(context.Background(), Credential{Token: "x"}); !errors.Is(err, ErrNotMine) {
		t.Errorf("no user: %v", err)
	}
	if _, err := NewUsers(map[uint32]string{7: "a\x00"}); err == nil ||
		err.Error() != "user 7: the identity has characters that cannot be printed" {
		t.Errorf("got %v", err)
	}
}

func TestUsersRecheck(t *testing.T) {
	users := func(names map[uint32]string) *Users {
		u, err := NewUsers(names)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	alice, err := users(map[uint32]string{1000: "alice"}).
		Authenticate(context.Background(), Credential{User: &User{UID: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]struct {
		names map[uint32]string
		ok    bool
	}{
		"the same":                 {map[uint32]string{1000: "alice", 1001: "bob"}, true},
		"gone":                     {map[uint32]string{1001: "alice"}, false},
		"renamed":                  {map[uint32]string{1000: "bob"}, false},
		"renamed to its number":    {nil, false},
		"nobody is accepted now":   {map[uint32]string{}, false},
		"another user has it, too": {map[uint32]string{1000: "alice", 1001: "alice"}, true},
	} {
		if got, ok := users(try.names).Recheck(alice); ok != try.ok || (got.Name == "alice") != try.ok {
			t.Errorf("%s: got %v, %t", name, got, ok)
		}
	}
	if _, ok := users(nil).Recheck(Subject{Method: MethodUser, Key: "-1"}); ok {
		t.Error("accepted a subject of no user")
	}
}
