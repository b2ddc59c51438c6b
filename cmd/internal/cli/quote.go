package cli

import "strings"

// Quote quotes a word for a POSIX shell if it needs quotes, so that users can paste it.
func Quote(word string) string {
	isSafe := func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.ContainsRune("_-./:=@%+,", c)
	}
	unsafe := func(c rune) bool { return !isSafe(c) }
	if word != "" && !strings.ContainsFunc(word, unsafe) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
