package glob_test

import (
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// A brace in a character class is a plain byte to the matcher. If Cost took it for a real one, twenty of the first
// pattern would cost 181, and one comparison with a long name would take hours.
func TestCostOfClasses(t *testing.T) {
	for pattern, want := range map[string]int{
		`{a[^}],*}`:          2 * 9,
		`{a[^{],*}`:          2 * 9,
		`{a[\]}],*}`:         2 * 10,
		`{a[}]b,[{],c}{d,e}`: 3 * 2 * 18,
		`[{]a,b`:             6,
		`{[,],b}`:            2 * 7,
		`{a\[,b}{c,d}`:       4 * 12,
	} {
		if got := glob.Cost(pattern); got != want {
			t.Errorf("Cost(%q) = %d, want %d", pattern, got, want)
		}
	}
	if pattern := strings.Repeat(`{a[^}],*}`, 20); glob.Cost(pattern) <= glob.MaxCost {
		t.Errorf("Cost(%q) = %d, and it branches in a million ways", pattern, glob.Cost(pattern))
	}
}

// FuzzCost: no valid pattern branches in more ways than its cost says, and a comparison returns.
func FuzzCost(f *testing.F) {
	for _, pattern := range []string{
		"", "orders/42", "orders/**", "a?[b-d]", `{a,b}/{c,d,e}`, `{a{b,c},d}`,
		`{a[^}],*}{a[^}],*}`, `{[,]*,a}`, `\{a,b\}`,
	} {
		f.Add(pattern, "orders/42")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern) > 512 || len(name) > 512 || !glob.Valid(pattern) {
			return
		}
		cost := glob.Cost(pattern)
		if cost > glob.MaxCost {
			return
		}
		left := glob.MaxCost
		branch(pattern, &left)
		if ways := glob.MaxCost - left; ways*len(pattern) > cost {
			t.Fatalf("Cost(%q) = %d, but it branches in %d ways", pattern, cost, ways)
		}
		validated, err := doublestar.Match(pattern, name)
		if err == nil && validated != doublestar.MatchUnvalidated(pattern, name) {
			t.Errorf("%q and %q: the two ways to match differ", pattern, name)
		}
	})
}

// branch counts down left for each alternative of the pattern, as the matcher expands it: the first braces first.
func branch(pattern string, left *int) {
	open := next(pattern, 0, "{")
	if open < 0 || *left <= 0 {
		*left--
		return
	}
	var parts []string
	from, end, depth := open+1, -1, 0
	for i := open; end < 0; i = next(pattern, i+1, "{,}") {
		switch pattern[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				end = i
			}
		}
		if depth == 0 || depth == 1 && pattern[i] == ',' {
			parts = append(parts, pattern[from:i])
			from = i + 1
		}
	}
	for _, part := range parts {
		branch(pattern[:open]+part+pattern[end+1:], left)
	}
}

// next returns the index of the first of these bytes at i or later that is not escaped, and not in a class; or -1.
func next(pattern string, i int, bytes string) int {
	inClass := false
	for ; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case inClass:
			inClass = c != ']'
		case c == '[':
			inClass = true
		case strings.IndexByte(bytes, c) >= 0:
			return i
		}
	}
	return -1
}
