package complete

import (
	"strings"
	"unicode"
)

// quote quotes text as the rest of a word for bash. It returns false if no quoting makes bash read that text.
func quote(text string, next quoting) (string, bool) {
	switch next {
	case plain:
		return escape(text, special), true
	case escaped:
		// The line already has the backslash for the first character.
		for i := range text {
			if i > 0 {
				return text[:i] + escape(text[i:], special), true
			}
		}
		return text, text != ""
	case single:
		return strings.ReplaceAll(text, `'`, `'\''`), true
	case double:
		// Inside double quotes, an interactive shell expands ! from its history, and no quoting prevents
		// that.
		in := func(c rune) bool { return strings.ContainsRune("\"\\$`", c) }
		return escape(text, in), !strings.Contains(text, "!")
	}
	return "", false
}

// special reports whether bash may give an unquoted character another meaning.
func special(c rune) bool {
	return c <= unicode.MaxASCII && !unicode.IsLetter(c) && !unicode.IsDigit(c) &&
		!strings.ContainsRune("_-./:=@%+,", c)
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
