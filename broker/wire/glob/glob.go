// Package glob examines the patterns by which listings and watches select lock names: whether they
// are valid, what they cost, and whether they match one name only. It does no matching itself. The
// syntax is in PROTOCOL.md.
package glob

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// MaxCost is the greatest [Cost] that a broker accepts.
const MaxCost = 2048

// Valid reports whether pattern is well-formed.
func Valid(pattern string) bool { return doublestar.ValidatePattern(pattern) }

// Cost returns the length of a valid pattern times the ways in which its braces branch. Comparing a
// name with the pattern may take that many steps for each byte of the name.
func Cost(pattern string) int {
	ways := 1
	var open []int // the number of alternatives in each open brace
	inClass := false
	for i := 0; i < len(pattern) && ways <= MaxCost; i++ {
		switch last := len(open) - 1; {
		case pattern[i] == '\\':
			i++
		case inClass: // here, braces and commas are plain bytes
			inClass = pattern[i] != ']'
		case pattern[i] == '[':
			inClass = true
		case pattern[i] == ',' && last >= 0:
			open[last]++
		case pattern[i] == '{':
			open = append(open, 1)
		case pattern[i] == '}' && last >= 0:
			// Nested braces multiply too: the product is never less than the number of ways.
			ways *= open[last]
			open = open[:last]
		}
	}
	return ways * len(pattern)
}

// Name returns the name that a valid pattern matches, and true, if the pattern matches one name
// only. It does so if it has no *, ?, [, ], { or } except after a backslash. Otherwise Name returns
// false.
func Name(pattern string) (name string, only bool) {
	var text strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*', '?', '[', ']', '{', '}':
			return "", false
		case '\\':
			i++
		}
		text.WriteByte(pattern[i])
	}
	return text.String(), pattern != ""
}

// Escape returns the pattern that matches name only. It is at most twice as long as name.
func Escape(name string) string { return escaper.Replace(name) }

var escaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`)
