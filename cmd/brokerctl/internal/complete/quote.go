package complete

import (
	"strings"
	"unicode"
)

// quote writes text so that bash reads it, as the next characters of a word, for
// what it is. It says false where that cannot be done.
func quote(text string, next quoting) (string, bool) {
	switch next {
	case plain:
		return escape(text, special), true
	case escaped:
		// The backslash is there already.
		for i := range text {
			if i > 0 {
				return text[:i] + escape(text[i:], special), true
			}
		}
		return text, text != ""
	case single:
		return strings.ReplaceAll(text, `'`, `'\''`), true
	case double:
		// There is no way to write ! there that an interactive shell does not
		// take for a reference to its history.
		in := func(c rune) bool { return strings.ContainsRune("\"\\$`", c) }
		return escape(text, in), !strings.Contains(text, "!")
	}
	return "", false
}

// special says whether bash may read an unquoted character for something else.
func special(c rune) bool {
	return c <= unicode.MaxASCII && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("_-./:=@%+,", c)
}

func escape(text string, must func(rune) bool) string {
	var quoted strings.Builder
	for _, c := range text {
		if must(c) {
			quoted.WriteByte('\\')
		}
		quoted.WriteRune(c)
	}
	return quoted.String()
}
