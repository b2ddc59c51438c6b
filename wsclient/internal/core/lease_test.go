package core

import (
	"testing"
	"time"
)

// at returns the instant d after the begin of a test, on all clocks.
func at(d time.Duration) Instant {
	const begin = 1000 * time.Second
	return Instant{Mono: begin + d, Wall: begin + d}
}

// A lease lasts for two thirds of the timeout after the sending of the latest
// message that was answered, in whatever order the answers come.
func TestLease(t *testing.T) {
	l := Lease{Timeout: 15 * time.Second, Heard: at(0)}
	l.answered(at(5 * time.Second))
	l.answered(at(2 * time.Second))
	for now, want := range map[time.Duration]time.Duration{
		5 * time.Second:  10 * time.Second,
		15 * time.Second: 0,
		20 * time.Second: -5 * time.Second,
	} {
		if got := l.Left(at(now)); got != want {
			t.Errorf("at %v: %v is left, want %v", now, got, want)
		}
	}
}

// With clocks whose rates differ by a tenth, whichever is the faster, the client
// has given up before the broker can.
func TestLeaseEndsBeforeTheSession(t *testing.T) {
	for _, timeout := range []time.Duration{600 * time.Millisecond, 15 * time.Second, time.Hour} {
		l := Lease{Timeout: timeout, Heard: at(0)}
		slowest := l.Left(at(0)) * 11 / 10 // on the broker's clock
		if slowest >= timeout {
			t.Errorf("timeout %v: the client may treat its locks as held until %v", timeout, slowest)
		}
	}
}

// Who says how long it takes to stop has that time, on the slower of two clocks, and
// the broker has still not ended the session. Where that would leave no time for a
// heartbeat there is less.
func TestLeaseLeavesTimeToStop(t *testing.T) {
	second := time.Second
	for _, test := range []struct{ timeout, heartbeat, stop, want time.Duration }{
		{15 * second, 5 * second, 0, 10 * second},
		{15 * second, 5 * second, second, 10 * second},
		{15 * second, 5 * second, 5 * second, 15*second*10/11 - 5*second},
		{15 * second, 5 * second, 14 * second, 7500 * time.Millisecond},
		{15 * second, 7 * second, 14 * second, 10 * second},
	} {
		l := Lease{Timeout: test.timeout, Heartbeat: test.heartbeat, StopTime: test.stop, Heard: at(0)}
		left := l.Left(at(0))
		if left != test.want {
			t.Errorf("%+v: the lease lasts for %v", test, left)
		}
		if kept := l.Kept(at(left)); test.stop <= 5*second && kept < test.stop {
			t.Errorf("%+v: %v to stop", test, kept)
		}
		if end := left + l.Kept(at(left)); end*11/10 > test.timeout {
			t.Errorf("%+v: the broker may have ended the session at %v", test, end)
		}
	}
}

// Whichever clock says that more time has passed counts: one may have stood
// still while the machine was suspended, the other may have been set back.
func TestBothClocksAreLookedAt(t *testing.T) {
	l := Lease{Timeout: 15 * time.Second, Heard: at(0)}
	for name, now := range map[string]Instant{
		"suspended for an hour":   {Mono: at(time.Second).Mono, Wall: at(time.Hour).Wall},
		"suspended, and set back": {Mono: at(time.Second).Mono, Wall: at(time.Second).Wall, Asleep: time.Hour},
		"wall clock set back":     {Mono: at(11 * time.Second).Mono, Wall: at(-time.Hour).Wall},
	} {
		if left := l.Left(now); left > 0 {
			t.Errorf("%s: %v is left", name, left)
		}
	}
}

func TestTermIsOver(t *testing.T) {
	second := term{begin: at(0), hold: time.Second}
	for _, now := range []Instant{at(time.Second), {Mono: at(0).Mono, Wall: at(time.Second).Wall}} {
		if !second.isOver(now) {
			t.Errorf("at %v it is not over", now)
		}
	}
	if second.isOver(at(time.Second - 1)) {
		t.Error("it is over too early")
	}
	if endless := (term{begin: at(0)}); endless.isOver(at(time.Hour)) {
		t.Error("what has no end is over")
	}
}

// A holder whose clock is a tenth slower than the broker's, and who read the
// grant as late as a lease allows, has stopped when the broker takes the lock
// back.
func TestBackstop(t *testing.T) {
	for _, timeout := range []time.Duration{time.Second, 15 * time.Second, time.Hour} {
		for _, hold := range []time.Duration{10 * time.Millisecond, time.Second, 330 * 24 * time.Hour} {
			stops := patience(timeout) + hold // after the making of the grant
			byBroker := stops + stops/10
			if got := backstop(hold, timeout); got < byBroker {
				t.Errorf("%v, timeout %v: the broker takes it back after %v, the holder stops after %v",
					hold, timeout, got, byBroker)
			}
		}
	}
}
