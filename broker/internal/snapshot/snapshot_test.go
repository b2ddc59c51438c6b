package snapshot_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/internal/snapshot"
	"github.com/lockbroker/lockbroker/broker/wire"
)

func id(session string, n int64) wire.ID { return wire.ID{Session: session, N: n} }

func example() core.Snapshot {
	return core.Snapshot{
		Timeout: 15 * time.Second,
		Clean:   true,
		Sessions: []core.SavedSession{
			{
				Name: "aaaaaaaa", Key: core.KeyOf("a"),
				Peer: wire.Peer{Client: "a", Remote: "192.0.2.1:1", Identity: "ann"},
			},
			{Name: "bbbbbbbb", Key: core.KeyOf("b"), Kept: true},
		},
		Requests: slices.Values([]locktable.Saved{
			{
				ID: id("aaaaaaaa", 0), Token: 7, Age: time.Second,
				Wait: locktable.Forever, Hold: time.Minute,
				Locks: []wire.LockSpec{
					{Name: "x"}, {Name: "é", Mode: wire.Shared, Limit: wire.Some(3)},
				},
			},
			{
				ID: id("bbbbbbbb", 5), Author: "me", Parent: id("aaaaaaaa", 0), Age: 1, Wait: 0,
				Locks: []wire.LockSpec{{Name: "x", Mode: wire.Shared}},
			},
		}),
	}
}

func written(t testing.TB, s core.Snapshot) string {
	t.Helper()
	var text bytes.Buffer
	if err := snapshot.Write(&text, s); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// What is read is what was written.
func TestRoundTrip(t *testing.T) {
	want := example()
	got, err := snapshot.Read([]byte(written(t, want)))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := slices.Collect(got.Requests), slices.Collect(want.Requests); !reflect.DeepEqual(a, b) {
		t.Errorf("requests: got\n%+v, want\n%+v", a, b)
	}
	got.Requests, want.Requests = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

// A snapshot that is not whole, or that no broker would have written, is refused. Otherwise the lock table could break.
func TestRefused(t *testing.T) {
	whole := written(t, example())
	lines := strings.SplitAfter(whole, "\n")
	replace := func(old, with string) string {
		if !strings.Contains(whole, old) {
			t.Fatalf("the snapshot has no %q", old)
		}
		return strings.Replace(whole, old, with, 1)
	}
	for what, text := range map[string]string{
		"empty":                        "",
		"no end":                       strings.Join(lines[:len(lines)-2], ""),
		"a line missing":               strings.Join(slices.Delete(slices.Clone(lines), 3, 4), ""),
		"something after the end":      whole + "{}\n",
		"another version":              replace(`"lockbroker_snapshot":1`, `"lockbroker_snapshot":2`),
		"no timeout":                   replace(`"timeout_ms":15000`, `"timeout_ms":0`),
		"a request of another session": replace(`"id":"bbbbbbbb--5"`, `"id":"cccccccc--5"`),
		"a request twice":              replace(`"id":"bbbbbbbb--5"`, `"id":"aaaaaaaa--0"`),
		"a session twice":              replace(`"name":"bbbbbbbb"`, `"name":"aaaaaaaa"`),
		"a lock twice":                 replace(`"name":"é"`, `"name":"x"`),
		"a token out of range":         replace(`"token":7`, `"token":-7`),
		"a negative age":               replace(`"age_ns":1000000000`, `"age_ns":-1`),
		"a key that is no hash":        replace(`"key":"`, `"key":"AAAA`),
		"a holder after a waiter":      strings.Join(append(lines[:3:3], lines[4], lines[3], lines[5]), ""),
		"not JSON":                     replace(`{"session"`, `{session`),
	} {
		if _, err := snapshot.Read([]byte(text)); err == nil {
			t.Errorf("%s: no error for\n%s", what, text)
		}
	}
}

// Whatever is read without an error can be restored by a table, and is written again in the same way.
func FuzzRead(f *testing.F) {
	f.Add([]byte(written(f, example())))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := snapshot.Read(text)
		if err != nil {
			return
		}
		first := wire.MaxInteger
		config := core.Config{Timeout: time.Second, MaxRequests: 1 << 20, TokenRange: 1}
		m := core.New(config, core.BeginAtClock(first))
		m.Restore(0, s)
		again, err := snapshot.Read([]byte(written(t, s)))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := slices.Collect(s.Requests), slices.Collect(again.Requests); !reflect.DeepEqual(a, b) {
			t.Errorf("got\n%+v, want\n%+v", b, a)
		}
	})
}
