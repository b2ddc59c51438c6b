package wsclient

import (
	"testing"
	"time"
)

// A grant that is read in time counts from then; one that a frozen process
// reads after its lease counts from the end of that.
func TestHoldBegins(t *testing.T) {
	heard := time.Now()
	l := lease{timeout: 15 * time.Second, heard: heard}
	for read, want := range map[time.Duration]time.Duration{
		0:                0,
		9 * time.Second:  9 * time.Second,
		10 * time.Second: 10 * time.Second,
		time.Hour:        10 * time.Second,
	} {
		if got := l.holdBegins(heard.Add(read)).Sub(heard); got != want {
			t.Errorf("read after %v: begins after %v, want %v", read, got, want)
		}
	}
}

// A holder whose clock is a tenth slower than the broker's, and who read the
// grant as late as a lease allows, has stopped when the broker takes the lock
// back.
func TestBackstop(t *testing.T) {
	for _, timeout := range []time.Duration{time.Second, 15 * time.Second, time.Hour} {
		for _, hold := range []time.Duration{10 * time.Millisecond, time.Second, maxHold} {
			l := lease{timeout: timeout, heard: time.Now()} // the broker makes the grant at the same moment
			stops := l.holdBegins(l.heard.Add(timeout)).Add(hold).Sub(l.heard)
			byBroker := stops + stops/10
			if got := backstop(hold, timeout); got < byBroker {
				t.Errorf("hold %v, timeout %v: the broker takes the lock back after %v, the holder stops after %v", hold, timeout, got, byBroker)
			}
		}
	}
}
