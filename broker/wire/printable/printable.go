// Package printable makes text from clients safe to show: names, authors, labels and headers. Such
// text could forge a line, or control the terminal that shows it.
package printable

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text returns text unchanged if all of it can be printed. Otherwise it returns text quoted as a
// Go string.
func Text(text string) string {
	unprintable := func(r rune) bool { return !strconv.IsPrint(r) }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable) {
		return strconv.Quote(text)
	}
	return text
}

// LogTextBytes is the number of bytes after which [LogText] cuts text off.
const LogTextBytes = 256

// LogText returns text for a line of a log. It does what [Text] does, but cuts text off after
// LogTextBytes and adds its length. So nobody can make a log grow by sending long text.
func LogText(text string) string {
	if len(text) <= LogTextBytes {
		return Text(text)
	}
	end := LogTextBytes
	for end > LogTextBytes-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s... (%d bytes)", Text(text[:end]), len(text))
}

// LogTexts returns [LogText] of each of the first most texts. If there are more, a last element says
// how many.
func LogTexts(texts []string, most int) []string {
	all := make([]string, 0, min(len(texts), most)+1)
	for _, text := range texts[:min(len(texts), most)] {
		all = append(all, LogText(text))
	}
	if more := len(texts) - most; more > 0 {
		all = append(all, fmt.Sprintf("... and %d more", more))
	}
	return all
}

// wordLetters is the length of the longest word.
const wordLetters = 16

// IsWord reports whether text is a word of at most 16 ASCII letters and underscores. An error about the
// message of a client may quote a word. Any other text may be a secret that stands in the wrong place.
func IsWord(text string) bool {
	notLetter := func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' }
	return text != "" && len(text) <= wordLetters && !strings.ContainsFunc(text, notLetter)
}
