package wiretest

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	text := `# Prose.
broker grants nothing for 3s
broker trusts a
broker trusts a for 4s
broker permits a acquire,list on b/** c
broker permits a nothing
broker revokes a
a connects
a <- {"type":"hello"}
a -> not json
.. 1500ms
b connects
b closes
b connects
b vanishes
a -> binary
a <- close 1003 binary frame
`
	got, err := Parse("raw-x", text)
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{Line: 2, Kind: Grace, Wait: 3 * time.Second},
		{Line: 3, Kind: Trust, Conn: "a"},
		{Line: 4, Kind: Trust, Conn: "a", Wait: 4 * time.Second},
		{Line: 5, Kind: Permit, Conn: "a", Allow: []string{"acquire", "list"}, Locks: []string{"b/**", "c"}},
		{Line: 6, Kind: Withdraw, Conn: "a"},
		{Line: 7, Kind: Revoke, Conn: "a"},
		{Line: 8, Kind: Connect, Conn: "a"},
		{Line: 9, Kind: Receive, Conn: "a", Frame: []byte(`{"type":"hello"}`)},
		{Line: 10, Kind: Send, Conn: "a", Frame: []byte("not json")},
		{Line: 11, Kind: Pass, Wait: 1500 * time.Millisecond},
		{Line: 12, Kind: Connect, Conn: "b"},
		{Line: 13, Kind: Close, Conn: "b"},
		{Line: 14, Kind: Connect, Conn: "b"},
		{Line: 15, Kind: Vanish, Conn: "b"},
		{Line: 16, Kind: SendBinary, Conn: "a"},
		{Line: 17, Kind: Closed, Conn: "a", Code: 1003, Reason: "binary frame"},
	}
	if !reflect.DeepEqual(got.Steps, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got.Steps, want)
	}
	if !got.Raw() || (Conversation{Name: "fifo"}).Raw() {
		t.Error("want Raw for the prefix raw- and no other name")
	}
}

func TestParseOwner(t *testing.T) {
	got, err := Parse("x", "broker is the owner at ws://192.0.2.9:27002\n")
	want := []Step{{Line: 1, Kind: Owner, URL: "ws://192.0.2.9:27002"}}
	if err != nil || !reflect.DeepEqual(got.Steps, want) {
		t.Errorf("got %+v, %v, want %+v", got.Steps, err, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "1: a conversation without a step",
		"# prose only\n":                   "1: a conversation without a step",
		"\nd connects\n":                   `2: want a, b, c, .. or # at the start, not "d"`,
		"ab connects\n":                    `1: want a, b, c, .. or # at the start, not "ab"`,
		" a connects\n":                    `1: want a, b, c, .. or # at the start, not ""`,
		"a leaves\n":                       "1: want connects, closes, vanishes, or an arrow and a frame",
		"a connects\na ->\n":               "2: want connects, closes, vanishes, or an arrow and a frame",
		"a connects\na => {}\n":            `2: want -> or <-, not "=>"`,
		"broker grants nothing for ever\n": `1: want a duration above 0 such as 5s, not "ever"`,
		"a connects\nbroker grants nothing for 3s\n":  "2: this line must be the first step",
		"a connects\nbroker is the owner at ws://b\n": "2: this line must be the first step",
		"broker trusts d\n": "1: want broker trusts, permits or revokes, " +
			"and then a, b or c",
		"broker trusts a 4s\n":                `1: want broker trusts a for 4s, not "trusts a 4s"`,
		"broker permits a list\n":             `1: want verbs, on, and globs, not "list"`,
		".. soon\n":                           `1: want a duration above 0 such as 5s, not "soon"`,
		".. 0s\n":                             `1: want a duration above 0 such as 5s, not "0s"`,
		"a -> {}\n":                           "1: a is not connected",
		"a connects\na connects\n":            "2: a is connected already",
		"a connects\na closes\na <- {}\n":     "3: a is not connected",
		"a connects\na vanishes\na closes\n":  "3: a is not connected",
		"a connects\na <- close\n":            `2: want a close code, 1000 to 4999, not ""`,
		"a connects\na <- close x\n":          `2: want a close code, 1000 to 4999, not "x"`,
		"a connects\na <- close 1003\na <- x": "3: a is not connected",
	} {
		_, err := Parse("x", text)
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "no .txt file") {
		t.Errorf("empty folder: got %v, want an error", err)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("b.txt", "b connects\n")
	write("a.txt", "a connects\n")
	write("README.md", "no conversation\n")
	all, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Name != "a" || all[1].Name != "b" || all[1].Path != filepath.Join(dir, "b.txt") {
		t.Errorf("got %+v, want a and b", all)
	}
	bad := write("c.txt", "\nc connected\n")
	if _, err := Load(dir); err == nil || !strings.HasPrefix(err.Error(), bad+":2: ") {
		t.Errorf("got %v, want an error that begins with file and line", err)
	}
}

func TestPeers(t *testing.T) {
	if s, c, r := Session("b"), Client("b"), Remote("b"); s != "bbbbbbbb" || c != "b" || r != "192.0.2.2:1000" {
		t.Errorf("got %q, %q, %q", s, c, r)
	}
}
