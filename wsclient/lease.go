package wsclient

import "time"

// A lease is how long the broker is known not to have given this session up.
//
// The broker ends a session that it has not heard from for its timeout. When an
// answer arrives to something that was sent at t, the broker has heard from us
// at t or later, so it will not end the session before t + timeout. The client
// gives up at two thirds of that, so that clocks that run at different rates,
// and holders that need a moment to stop, are on the safe side.
//
// It is a value without a clock: the caller passes the times.
type lease struct {
	timeout time.Duration
	heard   time.Time // when the latest message was sent that has been answered
}

// answered notes that a message sent at that time was answered.
func (l *lease) answered(sent time.Time) {
	if sent.After(l.heard) {
		l.heard = sent
	}
}

// ends is when every lock must count as lost.
func (l *lease) ends() time.Time { return l.heard.Add(patience(l.timeout)) }

func patience(timeout time.Duration) time.Duration { return timeout * 2 / 3 }

// holdBegins is when the time of a hold begins whose grant is read now: now, or,
// where a process that was frozen reads it after its lease, the end of that.
//
// Either way it is at most two thirds of the timeout after the broker made the
// grant. Frames arrive in order, so what was answered before the grant was read
// had been sent before the grant was made, and the lease ends two thirds of the
// timeout after the last of that was sent.
func (l *lease) holdBegins(now time.Time) time.Time {
	if ends := l.ends(); now.After(ends) {
		return ends
	}
	return now
}

// backstop is the hold that the broker is told where the client counts hold, so
// great that the holder has stopped when the broker takes the lock back. The
// broker counts from the making of the grant, the client from holdBegins, up to
// two thirds of the timeout later; and a tenth more, because the clocks may run
// at rates that differ by that.
func backstop(hold, timeout time.Duration) time.Duration {
	total := hold + patience(timeout)
	return total + total/10
}
