package screen

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Text that is cut or padded has the requested width. Text that fits is not changed.
func TestCutAndFit(t *testing.T) {
	text := rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune("ab大é\u0301👩\u200d🚀🇪🇺ﷺ")), rapid.Rune()))
	rapid.Check(t, func(t *rapid.T) {
		s, width := text.Draw(t, "text"), rapid.IntRange(0, 20).Draw(t, "width")
		got := Cut(s, width)
		if Width(got) > width {
			t.Errorf("%q cut to %d is %q, which is %d wide", s, width, got, Width(got))
		}
		if Width(s) <= width && got != s {
			t.Errorf("%q fits into %d, and is cut to %q", s, width, got)
		}
		if rest, isCut := strings.CutSuffix(got, "…"); isCut && got != s && !strings.HasPrefix(s, rest) {
			t.Errorf("%q is cut to %q", s, got)
		}
		if filled := Fit(s, width); Width(filled) != width {
			t.Errorf("%q fitted to %d is %q", s, width, filled)
		}
	})
}

// Text that is cut in the middle keeps its beginning and its end, and has about as much of each.
func TestCutMiddle(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"orders/42", 9, "orders/42"},
		{"orders/42", 8, "orde…/42"},
		{"orders/42", 3, "o…2"},
		{"orders/42", 2, "o…"},
		{"orders/42", 0, ""},
		{"大大大大大", 7, "大大…大"},
		{"", 5, ""},
	} {
		if got := CutMiddle(c.text, c.width); got != c.want {
			t.Errorf("%q cut to %d is %q, want %q", c.text, c.width, got, c.want)
		}
	}
	text := rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune("ab大é\u0301👩\u200d🚀🇪🇺ﷺ")), rapid.Rune()))
	rapid.Check(t, func(t *rapid.T) {
		s, width := text.Draw(t, "text"), rapid.IntRange(0, 20).Draw(t, "width")
		got := CutMiddle(s, width)
		if Width(got) > width {
			t.Errorf("%q cut to %d is %q, which is %d wide", s, width, got, Width(got))
		}
		if Width(s) <= width && got != s {
			t.Errorf("%q fits into %d, and is cut to %q", s, width, got)
		}
		left, right, _ := strings.Cut(got, "…")
		if got != s && !strings.Contains(s, "…") && !(strings.HasPrefix(s, left) && strings.HasSuffix(s, right)) {
			t.Errorf("%q is cut to %q", s, got)
		}
	})
}
