package codec_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

const refusedFile = "../../../testdata/wire/refused/requests.txt"

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// Every frame in the file is refused with the id and the message below it.
func TestRefused(t *testing.T) {
	text, err := os.ReadFile(refusedFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	cases := 0
	for i, line := range lines {
		frame, ok := strings.CutPrefix(line, "-> ")
		if !ok {
			continue
		}
		cases++
		want := "   " + describeRefusal(frame)
		if *update {
			lines[i+1] = want
		}
		if lines[i+1] != want {
			t.Errorf("%s:%d: %s\ngot  %s\nwant %s", refusedFile, i+1, frame, want, lines[i+1])
		}
	}
	if cases == 0 {
		t.Error("no case in the file")
	}
	if *update {
		if err := os.WriteFile(refusedFile, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// describeRefusal returns "syntax", "no id" or the id, where `""` is an empty one, and then the message.
func describeRefusal(frame string) string {
	m, err := codec.DecodeRequest([]byte(frame), wire.DefaultLimits())
	var syntax *codec.SyntaxError
	var reply *wire.Error
	switch {
	case errors.As(err, &syntax):
		return "syntax | " + syntax.Reason
	case errors.As(err, &reply) && reply.Code == wire.BadRequest && reply.ID.IsZero():
		return "no id | " + reply.Message
	case errors.As(err, &reply) && reply.Code == wire.BadRequest && reply.ID.String() == "":
		return `"" | ` + reply.Message
	case errors.As(err, &reply) && reply.Code == wire.BadRequest:
		return reply.ID.String() + " | " + reply.Message
	}
	return fmt.Sprintf("%+v, %v", m, err)
}

// Frames that cannot be in a text file, or are too long for one.
func TestRefusedMore(t *testing.T) {
	acquire := func(locks, rest string) string {
		return `{"type":"acquire","id":"s--0","locks":[` + locks + `]` + rest + `}`
	}
	var many []string
	for i := range 65 {
		many = append(many, fmt.Sprintf(`{"name":"%d"}`, i))
	}
	long := strings.Repeat("x", 513)
	for _, c := range []struct{ frame, want string }{
		{"", "syntax | malformed JSON: unexpected EOF at byte 0"},
		{"\xef\xbb\xbf{}", "syntax | malformed JSON: invalid character at start of value at byte 0"},
		{"{\"type\":\"ping\",\"id\":\"s--\xff\"}", "syntax | malformed JSON: invalid UTF-8 at byte 24"},
		{"{\"type\":\"ping\",\"id\":\"s--0\",\"x\":\"\xc0\x80\"}",
			"syntax | malformed JSON: invalid UTF-8 at byte 32"},
		{
			"{\"type\":\"ping\",\"id\":\"s\x00--0\"}",
			"syntax | malformed JSON: invalid character in string at byte 22",
		},
		{acquire(strings.Join(many, ","), ""), "s--0 | locks: 65 are too many, at most 64"},
		{acquire(`{"name":"`+long+`"}`, ""), "s--0 | locks[0].name: 513 bytes are too long, at most 512"},
		{acquire(`{"name":"`+strings.Repeat("é", 257)+`"}`, ""),
			"s--0 | locks[0].name: 514 bytes are too long, at most 512"},
		{acquire(`{"name":"x"}`, `,"author":"`+long[:257]+`"`),
			"s--0 | author: 257 bytes are too long, at most 256"},
		{`{"type":"evict","id":"s--0","request":"t--1","message":"` + long[:257] + `"}`,
			"s--0 | message: 257 bytes are too long, at most 256"},
		{`{"type":"info","id":"s--0","match":"` + long + `"}`,
			"s--0 | match: 513 bytes are too long, at most 512"},
		{`{"type":"watch","id":"s--0","match":"{` + long[:1] + strings.Repeat(",x", 64) + `}"}`,
			"s--0 | match: its length times its alternatives is more than 2048"},
		{`{"type":"` + long + `","id":"s--0"}`, "s--0 | type: unknown"},
	} {
		if got := describeRefusal(c.frame); got != c.want {
			t.Errorf("%.80q\ngot  %s\nwant %s", c.frame, got, c.want)
		}
	}
}

// Values at the bounds are accepted.
func TestAcceptedAtTheBounds(t *testing.T) {
	var many []string
	for i := range 64 {
		many = append(many, fmt.Sprintf(`{"name":"%d"}`, i))
	}
	for _, frame := range []string{
		`{"type":"acquire","id":"s--9007199254740991","locks":[` + strings.Join(many, ",") + `]}`,
		`{"type":"acquire","id":"s--0","locks":[{"name":"` + strings.Repeat("é", 256) +
			`","mode":"shared","limit":1000000}]}`,
		`{"type":"acquire","id":"s--0","locks":[{"name":"\ud83d\udd12"}],"wait_ms":0,"hold_ms":1,"author":"` +
			strings.Repeat("x", 256) + `"}`,
		`{"type":"acquire","id":"s--0","locks":[{"name":"\u0000"}],` +
			`"wait_ms":31536000000,"hold_ms":31536000000}`,
		`{"type":"acquire","id":"s--0","locks":[{"name":"x"}],"steal":true}`,
		`{"type":"info","id":"s--0","match":"{a,b}{1,2,3,4}/{1,2,3,4,5,6,7,8}",` +
			`"after":9007199254740991,"max":1,"queue":10000}`,
		`{"type":"info","id":"s--0","seq":9007199254740991,"holders_after":0,"waiters_after":9007199254740991}`,
		`{"type":"info","id":"s--0","after":null,"max":null,"queue":null,"match":null,"empty":null,` +
			`"seq":null,"holders_after":null,"waiters_after":null}`,
		`{"type":"clients","id":"s--0","client":"{a,b}{1,2,3,4}/{1,2,3,4,5,6,7,8}",` +
			`"remote":"::ffff:192.0.2.1","after":9007199254740991,"max":1000,` +
			`"session":"x","requests":1000}`,
		`{"type":"clients","id":"s--0","client":null,"remote":null,"holding":null,"waiting":null,` +
			`"session":null,"requests":null,"after":null,"max":null}`,
		`{"type":"clients","id":"s--0","remote":"fe80::1%eth0"}`,
		`{"type":"clients","id":"s--0","remote":"2001:db8::/32"}`,
	} {
		if _, err := codec.DecodeRequest([]byte(frame), wire.DefaultLimits()); err != nil {
			t.Errorf("%.120s: %v", frame, err)
		}
	}
}

func TestAppendRefusesInvalidUTF8(t *testing.T) {
	for _, m := range []wire.Message{
		&wire.Acquire{ID: wire.ParseID("s--0"), Locks: []wire.LockSpec{{Name: "\xff"}}},
		&wire.Ping{ID: wire.ID{Session: "\xff", N: 0}},
		&wire.Error{Code: wire.BadRequest, Message: "a\xc3"},
		&wire.Info{ID: wire.ParseID("s--0"), Match: wire.Some("\xff")},
	} {
		got, err := codec.Append([]byte("before"), m)
		if err == nil || string(got) != "before" {
			t.Errorf("%s: got %q, %v; want an error and dst unchanged", codec.Kind(m), got, err)
		}
	}
}
