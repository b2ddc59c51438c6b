package printable_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

func TestLogText(t *testing.T) {
	long := strings.Repeat("x", printable.LogTextBytes)
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{"orders/42", "orders/42"},
		{"日本語", "日本語"},
		{"two\nlines", `"two\nlines"`},
		{"\x1b[2J", `"\x1b[2J"`},
		{"c1 \u009b2J", `"c1 \u009b2J"`},
		{"bidi \u202e\u2066", `"bidi \u202e\u2066"`},
		{"\xff", `"\xff"`},
		{long, long},
		{long + "y", long + "... (257 bytes)"},
		{long[1:] + "ü", long[1:] + "... (257 bytes)"}, // a character is never cut in half
		{long[1:] + "\n\n", `"` + long[1:] + `\n"... (257 bytes)`},
	} {
		if got := printable.LogText(test.text); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

func TestLogTexts(t *testing.T) {
	if got := printable.LogTexts([]string{"a", "\n"}, 2); !slices.Equal(got, []string{"a", `"\n"`}) {
		t.Errorf("got %q", got)
	}
	if got := printable.LogTexts([]string{"a", "b", "c"}, 1); !slices.Equal(got, []string{"a", "... and 2 more"}) {
		t.Errorf("got %q", got)
	}
}
