package wire_test

import (
	"testing"

	"github.com/bmatcuk/doublestar/v4"
	"pgregory.net/rapid"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A plain glob matches the name that it is, and nothing else.
func TestGlobName(t *testing.T) {
	matched := 0
	text := rapid.StringOfN(rapid.SampledFrom([]rune(`ab/*?[]{}\,-^!é`)), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		glob, other := text.Draw(t, "glob"), text.Draw(t, "other")
		if name, plain := wire.GlobName(wire.PlainGlob(other)); name != other || plain != (other != "") {
			t.Errorf("the plain glob of %q is that of %q, %t", other, name, plain)
		}
		if !doublestar.ValidatePattern(glob) {
			t.Skip("no glob")
		}
		name, plain := wire.GlobName(glob)
		if !plain {
			return
		}
		matched++
		if !doublestar.MatchUnvalidated(glob, name) {
			t.Errorf("the glob %q does not match %q", glob, name)
		}
		if other != name && doublestar.MatchUnvalidated(glob, other) {
			t.Errorf("the glob %q matches %q too", glob, other)
		}
	})
	if matched == 0 {
		t.Error("no plain glob was tried")
	}
	for glob, want := range map[string]string{`orders/42`: "orders/42", `\*\\\{`: `*\{`, `a//b/`: "a//b/"} {
		if name, plain := wire.GlobName(glob); name != want || !plain {
			t.Errorf("the glob %q is %q, %t", glob, name, plain)
		}
	}
}
