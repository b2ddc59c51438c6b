package fence

import (
	"testing"
	"time"
)

// The clock can only raise the tokens, and only if its time is plausible.
func TestFirstToken(t *testing.T) {
	at := func(text string) time.Time {
		clock, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return clock
	}
	now := at("2026-11-28").UnixMicro()
	for _, c := range []struct {
		name   string
		stored int64
		clock  string
		want   int64
		warns  bool
	}{
		{"the first use", 0, "2026-11-28", now, false},
		{"an ordinary start", now - 1e12, "2026-11-28", now, false},
		{"a start right after another", now + 1<<20, "2026-11-28", now + 1<<20, false},
		{"the clock was set back by a day", now, "2026-11-27", now, true},
		{"the clock begins at 1970", now, "1970-01-01", now, true},
		{"the clock begins at 1970, at the first use", 0, "1970-01-01", 1, false},
		{"the clock is before 1970", 0, "1915-01-01", 1, false},
		{"the clock is in 2200", now, "2200-01-01", now, true},
		{"the clock is in 2200, at the first use", 0, "2200-01-01", 1, true},
		{"the clock is beyond the last token", now, "2300-01-01", now, true},
		{"the clock is right again", 1 << 20, "2026-11-28", now, false},
		{"the clock is in 2099", now, "2099-12-31", at("2099-12-31").UnixMicro(), false},
		{"all tokens were given out", 1 << 53, "2026-11-28", 1 << 53, true},
	} {
		got, warning := firstToken(c.stored, at(c.clock))
		if got != c.want || (warning != "") != c.warns {
			t.Errorf("%s: got %d, %q; want %d", c.name, got, warning, c.want)
		}
	}
}
