package core

import (
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

func microsAt(t *testing.T, date string) int64 {
	t.Helper()
	clock, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	return clock.UnixMicro()
}

// The clock can only raise the tokens, and only if its time is plausible.
func TestFirstToken(t *testing.T) {
	now := microsAt(t, "2026-11-28")
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
		{"the clock is in 2099", now, "2099-12-31", microsAt(t, "2099-12-31"), false},
		{"all tokens were given out", wire.MaxInteger + 1, "2026-11-28", wire.MaxInteger + 1, true},
	} {
		got, warning := firstToken(c.stored, microsAt(t, c.clock))
		if got != c.want || (warning != "") != c.warns {
			t.Errorf("%s: got %d, %q; want %d", c.name, got, warning, c.want)
		}
	}
}

// How the last run ended decides how long the next one grants nothing.
func TestGraceOfABeginning(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name string
		past Past
		want time.Duration
	}{
		{"the first use", Past{}, 0},
		{"after a clean stop", Past{Record: Record{Next: 5}.Stopped(0), Known: true}, 0},
		{"after a stop with locks held", Past{Record: Record{Next: 5}.Stopped(9 * s), Known: true}, 9 * s},
		{"after a crash", Past{Record: Reservation{Limit: 5, Stale: 30 * s}.Record(), Known: true}, 30 * s},
		{"a restored record of a clean stop",
			Past{Record: Record{Next: 5}.Stopped(0), Known: true, Restored: true}, 15 * s},
		{"a restored record of a crash",
			Past{Record: Record{Next: 5, Timeout: 30 * s}, Known: true, Restored: true}, 30 * s},
	} {
		b := Begin(c.past, 15*s, 1000)
		if b.Grace != c.want || b.First != 1000 || b.Restored != c.past.Restored {
			t.Errorf("%s: got %+v, want a grace period of %v", c.name, b, c.want)
		}
	}
}
