package metrics

import (
	"testing"
	"time"
)

// A peak is seen for at least a minute, and for less than two.
func TestPeak(t *testing.T) {
	var p Peak
	p.Observe(30*time.Second, 7)
	p.Observe(40*time.Second, 5)
	for _, c := range []struct{ now, want time.Duration }{
		{40 * time.Second, 7}, {90 * time.Second, 7}, {119 * time.Second, 7},
		{120 * time.Second, 0}, {time.Hour, 0},
	} {
		if got := p.At(c.now); got != c.want {
			t.Errorf("at %v: %d, want %d", c.now, got, c.want)
		}
	}
	p.Observe(time.Hour, 3)
	if got := p.At(time.Hour + time.Second); got != 3 {
		t.Errorf("after an hour: %d, want 3", got)
	}
}
