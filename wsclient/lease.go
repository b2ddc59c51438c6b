package wsclient

import "time"

// An instant is a moment on the clocks of the machine: one that is never set, but may
// stand still while the machine is suspended; for how long it has been, where the system
// tells that; and the clock on the wall.
type instant struct {
	mono, wall time.Time
	asleep     time.Duration
}

// now is read where something happens, and passed on from there.
func now() instant {
	i := awake()
	i.asleep = asleep()
	return i
}

// awake is now without a look at whether the machine was suspended, which takes longer.
func awake() instant {
	t := time.Now()
	return instant{mono: t, wall: t.Round(0)} // which strips the other clock
}

// since is how much time has passed, at most: a clock that stood still does not
// count, nor one that was set back. One that was set forward does, so that locks
// may be given up for nothing, which is the safe side.
func (i instant) since(earlier instant) time.Duration {
	mono := i.mono.Sub(earlier.mono)
	if slept := i.asleep - earlier.asleep; slept > leastSleep {
		mono += slept
	}
	return max(mono, i.wall.Sub(earlier.wall))
}

// leastSleep is more than two looks at how long the machine was suspended can differ when it
// was not. All sleep since an instant counts together, so that much is overlooked at most.
const leastSleep = 100 * time.Millisecond

// lookEvery is how often it is looked, at most, whether the machine was suspended, by who
// looks at the clocks very often.
const lookEvery = time.Millisecond

// A glance is a cheap look at the clocks, for who looks very often: it is late by lookEvery
// at most, of time that the process was running.
type glance struct{ last instant }

// look is now.
func (g *glance) look() instant {
	i := awake()
	if i.mono.Sub(g.last.mono) >= lookEvery {
		g.last = now()
		return g.last
	}
	i.asleep = g.last.asleep
	return i
}

// A lease is how long the broker is known not to have given this session up.
//
// The broker ends a session that it has not heard from for its timeout. When an
// answer arrives to something that was sent at t, the broker has heard from us
// at t or later, so it will not end the session before t + timeout. The client
// gives up at two thirds of that, so that clocks that run at different rates,
// and holders that need a moment to stop, are on the safe side; earlier, where
// they have said that they need more.
//
// It is a value without a clock: the caller passes the times.
type lease struct {
	timeout   time.Duration
	heartbeat time.Duration // how often a message is sent, at least
	stop      time.Duration // how long holders need to stop; 0: they have not said
	heard     instant       // when the latest message was sent that has been answered
}

// answered notes that a message sent at that time was answered.
func (l *lease) answered(sent instant) {
	if sent.mono.After(l.heard.mono) {
		l.heard = sent
	}
}

// left is for how long locks still count as held; none of it is left when it is 0
// or less.
func (l *lease) left(at instant) time.Duration { return l.patience() - at.since(l.heard) }

// patience is how long the whole lease is. However long holders need to stop, there
// must be time for a heartbeat, or locks would be lost for nothing.
func (l *lease) patience() time.Duration {
	whole := patience(l.timeout)
	if l.stop == 0 {
		return whole
	}
	return min(whole, max(certainty(l.timeout)-l.stop, l.heartbeat*3/2))
}

// kept is for how long the broker cannot have ended the session, as far as its
// timeout goes; 0 or less: it may have.
func (l *lease) kept(at instant) time.Duration { return certainty(l.timeout) - at.since(l.heard) }

func patience(timeout time.Duration) time.Duration { return timeout * 2 / 3 }

// certainty is how much of the timeout may pass on a clock here that is a tenth
// slower than the broker's.
func certainty(timeout time.Duration) time.Duration { return timeout * 10 / 11 }

// A term is the time for which a lock may be held, from the reading of its grant. It
// is counted here, because the broker's count begins earlier.
type term struct {
	begin instant
	hold  time.Duration // 0: it has no end
}

// left is how much of it is left, where it has an end.
func (t term) left(at instant) time.Duration { return t.hold - at.since(t.begin) }

// isOver reports whether it has ended.
func (t term) isOver(at instant) bool { return t.hold > 0 && t.left(at) <= 0 }

// backstop is the hold that the broker is told where the client counts hold, so
// great that the holder has stopped when the broker takes the lock back. The
// broker counts from the making of the grant, the client from the reading, up to
// two thirds of the timeout later: what was answered before the grant was read had
// been sent before the grant was made, for frames arrive in order, and the lease
// ends two thirds of the timeout after the last of that was sent; a grant that is
// read later than that is not believed. And a tenth more, because the clocks may
// run at rates that differ by that.
func backstop(hold, timeout time.Duration) time.Duration {
	total := hold + patience(timeout)
	return total + total/10
}
