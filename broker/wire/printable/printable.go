package printable

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Printable returns text as it is, or quoted, as a string of Go, when it holds
// anything that could forge a line or reach a terminal. It is for names, authors
// and labels that people are shown.
func Text(text string) string {
	unprintable := func(r rune) bool { return !strconv.IsPrint(r) }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable) {
		return strconv.Quote(text)
	}
	return text
}
