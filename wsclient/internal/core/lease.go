package core

import "time"

// A Lease is the period during which the client may treat its locks as held without hearing from the broker.
//
// The broker ends a session that it has not heard from for the session timeout. When an answer arrives to a message
// that was sent at t, the broker heard from the client at t or later. So it cannot end the session before t +
// timeout. The client gives up at t + timeout * 2/3. The last third is for clocks that run at different rates, and
// for holders to stop. If holders need longer to stop, the lease is shorter.
type Lease struct {
	Timeout   time.Duration // the session timeout
	Heartbeat time.Duration // the client sends a ping at least this often
	StopTime  time.Duration // how long holders need to stop; 0: not known
	Heard     Instant       // when the latest message was sent that the broker has answered
}

// answered notes that the broker has answered a message that was sent at that time.
func (l *Lease) answered(sent Instant) {
	if sent.Mono > l.Heard.Mono {
		l.Heard = sent
	}
}

// Left returns how much of the lease is left. It has ended if that is 0 or less.
func (l *Lease) Left(at Instant) time.Duration { return l.Length() - at.Since(l.Heard) }

// Length returns how long the lease lasts after Heard. StopTime shortens it to one and a half heartbeats at the
// least. With less, the client would lose its locks needlessly.
func (l *Lease) Length() time.Duration {
	length := patience(l.Timeout)
	if l.StopTime == 0 {
		return length
	}
	return min(length, max(certainty(l.Timeout)-l.StopTime, l.Heartbeat*3/2))
}

// Kept returns how long it will be before the broker can end the session because it hears nothing. If that is 0 or
// less, the broker may have ended it already.
func (l *Lease) Kept(at Instant) time.Duration { return certainty(l.Timeout) - at.Since(l.Heard) }

// end returns when the lease ends, on the clock that is never set.
func (l *Lease) end() time.Duration { return l.Heard.Mono + l.Length() }

// patience returns how much of the session timeout may pass without an answer before the client gives up.
func patience(timeout time.Duration) time.Duration { return timeout * 2 / 3 }

// certainty returns how long the session timeout lasts on a clock that runs a tenth slower than the broker's. Until
// then the broker cannot have ended the session.
func certainty(timeout time.Duration) time.Duration { return timeout * 10 / 11 }
