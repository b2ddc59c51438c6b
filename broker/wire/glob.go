package wire

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// checkGlob refuses a glob that is not valid, and one that could keep the
// broker busy for long.
func checkGlob(match Opt[string], l Limits) error {
	glob, given := match.Get()
	if !given {
		return nil
	}
	if glob == "" {
		return errors.New("match: empty")
	}
	if err := checkText("match", glob, l.NameBytes); err != nil {
		return err
	}
	if !doublestar.ValidatePattern(glob) {
		return errors.New("match: not a valid glob")
	}
	if GlobCost(glob) > MaxGlobCost {
		return fmt.Errorf("match: its length times its alternatives is more than %d", MaxGlobCost)
	}
	return nil
}

// GlobName returns the one name that a valid glob matches, and whether it is so
// plain that it matches no other: there is no *, ?, [ or { in it but after a \.
func GlobName(glob string) (name string, plain bool) {
	var plainly strings.Builder
	for i := 0; i < len(glob); i++ {
		switch glob[i] {
		case '*', '?', '[', ']', '{', '}':
			return "", false
		case '\\':
			i++
		}
		plainly.WriteByte(glob[i])
	}
	return plainly.String(), glob != ""
}

// PlainGlob is the glob that only this name matches. It may be twice as long.
func PlainGlob(name string) string { return escaper.Replace(name) }

var escaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`)

// GlobCost is the length of a valid glob times the ways in which its braces
// branch: to compare a name may take so many steps for each byte of the name.
func GlobCost(glob string) int {
	ways := 1
	var open []int // how many alternatives each open brace has so far
	for i := 0; i < len(glob) && ways <= MaxGlobCost; i++ {
		switch last := len(open) - 1; {
		case glob[i] == '\\':
			i++
		case glob[i] == '{':
			open = append(open, 1)
		case glob[i] == ',' && last >= 0:
			open[last]++
		case glob[i] == '}' && last >= 0:
			// Nested ones multiply too, which is never less than the ways.
			ways *= open[last]
			open = open[:last]
		}
	}
	return ways * len(glob)
}
