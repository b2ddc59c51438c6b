package cli

import (
	"errors"
	"testing"
)

// TestLine checks that any error becomes one printable line.
func TestLine(t *testing.T) {
	joined := errors.Join(errors.New("one"), errors.New("two"))
	for text, want := range map[string]string{
		joined.Error():  "one; two",
		"a\x1b[2J\r\tb": `a\x1b[2J\r\tb`,
		"größe 大 'x'\n": "größe 大 'x'",
		"right\u202e":   `right\u202e`,
	} {
		if got := line(text); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
