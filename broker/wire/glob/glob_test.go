package glob_test

import (
	"testing"

	"github.com/bmatcuk/doublestar/v4"
	"pgregory.net/rapid"

	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// A pattern for which Name returns a name matches that name and nothing else.
func TestName(t *testing.T) {
	matched := 0
	text := rapid.StringOfN(rapid.SampledFrom([]rune(`ab/*?[]{}\,-^!é`)), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		pattern, other := text.Draw(t, "glob"), text.Draw(t, "other")
		if name, only := glob.Name(glob.Escape(other)); name != other || only != (other != "") {
			t.Errorf("the escaped %q matches only %q, %t", other, name, only)
		}
		if !doublestar.ValidatePattern(pattern) {
			t.Skip("not a valid pattern")
		}
		name, only := glob.Name(pattern)
		if !only {
			return
		}
		matched++
		if !doublestar.MatchUnvalidated(pattern, name) {
			t.Errorf("the glob %q does not match %q", pattern, name)
		}
		if other != name && doublestar.MatchUnvalidated(pattern, other) {
			t.Errorf("the glob %q matches %q too", pattern, other)
		}
	})
	if matched == 0 {
		t.Error("no pattern that matches one name only was tried")
	}
	for pattern, want := range map[string]string{`orders/42`: "orders/42", `\*\\\{`: `*\{`, `a//b/`: "a//b/"} {
		if name, only := glob.Name(pattern); name != want || !only {
			t.Errorf("the pattern %q matches only %q, %t", pattern, name, only)
		}
	}
	for _, pattern := range []string{"", "*", "a?", "[a]", "a]", "{a}", "a}", "**/a"} {
		if name, only := glob.Name(pattern); only {
			t.Errorf("the pattern %q matches only %q", pattern, name)
		}
	}
}
