package complete

import "strings"

// A quoting says how the shell reads the next character of a line.
type quoting int

const (
	plain         quoting = iota
	escaped               // behind a backslash
	single                // in '
	double                // in "
	doubleEscaped         // behind a backslash in "
	foreign               // behind what only the shell can work out: $x, `x`, ~, a redirection
)

// split reads a command line as a shell of Bourne's family does: the words before
// the last, the last, which may be empty, and how it would go on.
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

// read takes one character into a word and returns how the next is to be read.
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
