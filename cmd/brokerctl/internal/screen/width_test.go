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
