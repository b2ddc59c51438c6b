package cli

import (
	"os/exec"
	"testing"
)

// A shell reads a quoted word as one word, with the same text.
func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"":             "''",
		"orders/42":    "orders/42",
		"k3v9x2mq--0":  "k3v9x2mq--0",
		"#k3v9x2mq--0": "'#k3v9x2mq--0'",
		"a b":          "'a b'",
		"it's":         `'it'\''s'`,
		"$(reboot)":    "'$(reboot)'",
		"a\nb":         "'a\nb'",
		"~":            "'~'",
		"größe":        "'größe'",
	} {
		got := Quote(word)
		if got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
		shell, err := exec.LookPath("sh")
		if err != nil {
			continue
		}
		if read, err := exec.Command(shell, "-c", "printf %s "+got).Output(); string(read) != word {
			t.Errorf("%q: the shell reads %q, %v", word, read, err)
		}
	}
}
