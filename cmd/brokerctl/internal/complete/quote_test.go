//go:build unix

package complete

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

// raws returns ways to type an unfinished word.
func raws(word string) []string {
	ways := []string{escape(word, special), escape(word, func(rune) bool { return true })}
	if !strings.Contains(word, "'") {
		ways = append(ways, "'"+word)
	}
	if in, ok := quote(word, double); ok {
		ways = append(ways, `"`+in, `"`+in+`"`)
	}
	if ways[0] != "" {
		ways = append(ways, ways[0]+`\`) // readline leaves this if two names differ after a backslash
	}
	return ways
}

// TestQuote checks that bash reads the typed part plus the suggestion as the name, however the part was typed.
func TestQuote(t *testing.T) {
	names := []string{"größe/大", "a b  c", "q'x y", `"'\`, "ws://x:1/y", "back\\", "$HOME/`id`"}
	for c := rune(' '); c <= '~'; c++ {
		names = append(names, string([]rune{'a', c, 'b'}), string([]rune{c, c}))
	}
	var script strings.Builder
	var want, lines []string
	for _, name := range names {
		for cut := range name + "." {
			for _, raw := range raws(name[:cut]) {
				_, typed, next := split("brokerctl why " + raw)
				if typed != name[:cut] {
					t.Fatalf("%s is read as %q, want %q", raw, typed, name[:cut])
				}
				rest, ok := quote(name[cut:], next)
				if !ok {
					continue
				}
				// readline adds the closing quote.
				line := raw + rest + map[quoting]string{single: "'", double: `"`}[next]
				_, _ = fmt.Fprintf(&script, "printf '%%s\\n' %s\n", line)
				want, lines = append(want, name), append(lines, line)
			}
		}
	}
	bash := exec.Command(needs.Program(t, "bash"))
	bash.Stdin = strings.NewReader(script.String())
	out, err := bash.CombinedOutput()
	if err != nil {
		t.Fatalf("bash: %v\n%s", err, out)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(got) != len(want) || len(want) < 1000 {
		t.Fatalf("%d words are read, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("bash reads %s as %q, want %q", lines[i], got[i], want[i])
		}
	}
}

// Nothing is suggested if no text would be read as the name.
func TestQuoteCannot(t *testing.T) {
	if rest, ok := quote("a!b", double); ok {
		t.Errorf("%s: an interactive bash would look in its history", rest)
	}
	for _, line := range []string{"b $x", `b "$x`, "b `x", "b ~", "b #", "b > x", "b (", "b x; y", "b $'x"} {
		if _, _, next := split(line); next != foreign {
			t.Errorf("%s: only the shell can evaluate that", line)
		}
	}
}
