package core

import (
	"testing"
	"time"
)

// at returns the instant d after the start of a test, on all clocks.
func at(d time.Duration) Instant {
	const begin = 1000 * time.Second
	return Instant{Mono: begin + d, Wall: begin + d}
}

// A lease lasts for two thirds of the timeout after the latest answered message was sent, in whatever order the
// answers come.
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

// If the rates of the two clocks differ by a tenth, the client gives up before the broker can end the session,
// whichever clock is faster.
func TestLeaseEndsBeforeTheSession(t *testing.T) {
	for _, timeout := range []time.Duration{600 * time.Millisecond, 15 * time.Second, time.Hour} {
		l := Lease{Timeout: timeout, Heard: at(0)}
		slowest := l.Left(at(0)) * 11 / 10 // on the broker's clock
		if slowest >= timeout {
			t.Errorf("timeout %v: the client may treat its locks as held until %v", timeout, slowest)
		}
	}
}

// A client that says how long its holders need to stop gives them that time before the broker can end the session,
// even if its clock is the slower one. They get less if the lease would become too short for a heartbeat.
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

// The clock that shows the most elapsed time counts: one may have stood still while the computer was suspended, and
// the other may have been set back.
func TestLeaseUsesAllClocks(t *testing.T) {
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
			t.Errorf("at %v: the term is not over", now)
		}
	}
	if second.isOver(at(time.Second - 1)) {
		t.Error("the term is over too early")
	}
	if endless := (term{begin: at(0)}); endless.isOver(at(time.Hour)) {
		t.Error("a term without an end is over")
	}
}

// A holder has stopped when the broker takes the lock back, even if its clock is a tenth slower than the broker's,
// and it read the grant as late as the lease allows.
func TestBackstop(t *testing.T) {
	for _, timeout := range []time.Duration{time.Second, 15 * time.Second, time.Hour} {
		for _, hold := range []time.Duration{10 * time.Millisecond, time.Second, 330 * 24 * time.Hour} {
			stops := patience(timeout) + hold // after the grant was made
			byBroker := stops + stops/10
			if got := backstop(hold, timeout); got < byBroker {
				t.Errorf("%v, timeout %v: the broker takes it back after %v, the holder stops after %v",
					hold, timeout, got, byBroker)
			}
		}
	}
}
