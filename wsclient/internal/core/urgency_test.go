package core

import (
	"testing"
	"time"
)

// A client hurries to take up a session without a connection, even if it has no requests or its lease has ended: the
// next broker may wait for it. It no longer hurries when no broker can be waiting any more.
func TestUrgency(t *testing.T) {
	at := func(d time.Duration) Instant { return Instant{Mono: d, Wall: d} }
	m := New(Config{KeepSession: true})
	h := defaultHello()
	h.secret = "k1"
	if got := m.Urgency(at(0)); got != 0 {
		t.Errorf("before the first connection: %v", got)
	}
	m.Connected("s", h.message("s"), at(0), at(0))
	if got := m.Urgency(at(0)); got != 0 {
		t.Errorf("with a connection: %v", got)
	}
	m.Disconnected(errNetwork, 0, at(second))
	for _, d := range []time.Duration{second, 10*second - 1, 10 * second, 30 * second} {
		m.Tick(at(d))
		if got := m.Urgency(at(d)); got != 10*second {
			t.Errorf("at %v: %v, want the length of the lease", d, got)
		}
	}
	if got := m.Urgency(at(30*second + 1)); got != 0 {
		t.Errorf("after two session timeouts: %v", got)
	}
}
