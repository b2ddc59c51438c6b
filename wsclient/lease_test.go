package wsclient

import (
	"testing"
	"testing/synctest"
	"time"
)

// at is so long after the instant at which all tests begin, on both clocks.
func at(d time.Duration) instant {
	begin := time.Unix(1_000_000_000, 0)
	return instant{mono: begin.Add(d), wall: begin.Add(d)}
}

// A lease lasts for two thirds of the timeout after the sending of the latest
// message that was answered, in whatever order the answers come.
func TestLease(t *testing.T) {
	l := lease{timeout: 15 * time.Second, heard: at(0)}
	l.answered(at(5 * time.Second))
	l.answered(at(2 * time.Second))
	for now, want := range map[time.Duration]time.Duration{
		5 * time.Second:  10 * time.Second,
		15 * time.Second: 0,
		20 * time.Second: -5 * time.Second,
	} {
		if got := l.left(at(now)); got != want {
			t.Errorf("at %v: %v is left, want %v", now, got, want)
		}
	}
}

// With clocks whose rates differ by a tenth, whichever is the faster, the client
// has given up before the broker can.
func TestLeaseEndsBeforeTheSession(t *testing.T) {
	for _, timeout := range []time.Duration{600 * time.Millisecond, 15 * time.Second, time.Hour} {
		l := lease{timeout: timeout, heard: at(0)}
		slowest := l.left(at(0)) * 11 / 10 // on the broker's clock
		if slowest >= timeout {
			t.Errorf("timeout %v: the client may believe until %v", timeout, slowest)
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
		l := lease{timeout: test.timeout, heartbeat: test.heartbeat, stop: test.stop, heard: at(0)}
		left := l.left(at(0))
		if left != test.want {
			t.Errorf("%+v: the lease lasts for %v", test, left)
		}
		if kept := l.kept(at(left)); test.stop <= 5*second && kept < test.stop {
			t.Errorf("%+v: %v to stop", test, kept)
		}
		if end := left + l.kept(at(left)); end*11/10 > test.timeout {
			t.Errorf("%+v: the broker may have ended the session at %v", test, end)
		}
	}
}

// Whichever clock says that more time has passed counts: one may have stood
// still while the machine was suspended, the other may have been set back.
func TestBothClocksAreLookedAt(t *testing.T) {
	l := lease{timeout: 15 * time.Second, heard: at(0)}
	for name, now := range map[string]instant{
		"suspended for an hour":   {mono: at(time.Second).mono, wall: at(time.Hour).wall},
		"suspended, and set back": {mono: at(time.Second).mono, wall: at(time.Second).wall, asleep: time.Hour},
		"wall clock set back":     {mono: at(11 * time.Second).mono, wall: at(-time.Hour).wall},
	} {
		if left := l.left(now); left > 0 {
			t.Errorf("%s: %v is left", name, left)
		}
	}
}

func TestTermIsOver(t *testing.T) {
	second := term{begin: at(0), hold: time.Second}
	for _, now := range []instant{at(time.Second), {mono: at(0).mono, wall: at(time.Second).wall}} {
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
		for _, hold := range []time.Duration{10 * time.Millisecond, time.Second, maxHold} {
			stops := patience(timeout) + hold // after the making of the grant
			byBroker := stops + stops/10
			if got := backstop(hold, timeout); got < byBroker {
				t.Errorf("hold %v, timeout %v: the broker takes the lock back after %v, the holder stops after %v", hold, timeout, got, byBroker)
			}
		}
	}
}

// Time that passes while the machine runs, virtual or not, is no sleep: programs are tested in
// virtual time, which the system does not know.
func TestAwakeInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g glance
		begin, first := now(), g.look()
		time.Sleep(time.Hour) //nolint:forbidigo // virtual time
		for _, at := range []instant{now(), g.look()} {
			for _, since := range []instant{begin, first} {
				if took := at.since(since); took < time.Hour || took > time.Hour+time.Minute {
					t.Errorf("%v have passed, want an hour", took)
				}
			}
		}
	})
}

// A glance does not look at everything each time, and keeps what it saw.
func TestGlance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := glance{last: now()}
		g.last.asleep = time.Hour
		if at := g.look(); at.asleep != time.Hour {
			t.Errorf("it has looked at once: asleep for %v", at.asleep)
		}
		time.Sleep(lookEvery) //nolint:forbidigo // virtual time
		if at := g.look(); at.asleep == time.Hour {
			t.Error("it has not looked again")
		}
	})
}
