package listing

import (
	"testing"
	"time"
)

// Durations for programs, as in the listing, and for people.
func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration]struct{ clock, age string }{
		0:                                   {"0:00:00.000000", "0.0s"},
		time.Microsecond:                    {"0:00:00.000001", "0.0s"},
		5 * time.Second:                     {"0:00:05.000000", "5.0s"},
		59*time.Second + 999999999:          {"0:00:59.999999", "59.9s"},
		2*time.Minute + 5*time.Second:       {"0:02:05.000000", "2m05s"},
		59*time.Minute + 59*time.Second:     {"0:59:59.000000", "59m59s"},
		3*time.Hour + 4*time.Minute:         {"3:04:00.000000", "3h04m"},
		100*time.Hour + 10*time.Millisecond: {"100:00:00.010000", "4d04h"},
		365 * 24 * time.Hour:                {"8760:00:00.000000", "365d00h"},
	} {
		if got := Clock(d); got != want.clock {
			t.Errorf("Clock(%v) = %s, want %s", d, got, want.clock)
		}
		if got := Age(d); got != want.age {
			t.Errorf("Age(%v) = %s, want %s", d, got, want.age)
		}
	}
}
