package complete

import "strings"

// A quoting says how the shell reads the next character of a line.
type quoting int

const (
	plain         quoting = iota
	escaped               // after a backslash
	single                // in '
	double                // in "
	doubleEscaped         // after a backslash in "
	foreign               // after something that only the shell can evaluate: $x, `x`, ~, a redirection
)

// split parses a command line as a Bourne shell does. It returns the complete words, the last word, which may
// be empty, and the quoting after it.
func split(line string) (before []string, last string, next quoting) {
	var word strings.Builder
	begun := false
	for _, c := range line {
		switch {
		case next == foreign:
			return nil, "", foreign
		case !begun && (c == '~' || c == '#'):
			next = foreign
		case next == plain && strings.ContainsRune(" \t\n", c):
			if begun {
				before = append(before, word.String())
				word.Reset()
				begun = false
			}
		default:
			begun = true
			next = read(&word, next, c)
		}
	}
	return before, word.String(), next
}

// read adds a character to a word and returns the quoting after it.
func read(word *strings.Builder, now quoting, c rune) quoting {
	switch now {
	case escaped:
		now = plain
	case doubleEscaped:
		now = double
		if !strings.ContainsRune("\"\\$`", c) {
			word.WriteByte('\\')
		}
	case single:
		if c == '\'' {
			return plain
		}
	case double:
		switch c {
		case '"':
			return plain
		case '\\':
			return doubleEscaped
		case '$', '`':
			return foreign
		}
	default:
		switch c {
		case '\'':
			return single
		case '"':
			return double
		case '\\':
			return escaped
		case '$', '`', '<', '>', '(', ')', ';', '|', '&':
			return foreign
		}
	}
	word.WriteRune(c)
	return now
}
