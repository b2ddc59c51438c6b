package core

import "time"

// A term is the period for which a request may hold, counted from when its grant was read. While the request waits, it
// is counted from when it was submitted. The client counts it
// itself, because the broker's count begins earlier.
type term struct {
	begin Instant
	hold  time.Duration // 0: no end
}

// left returns how much of the term is left. The term must have an end.
func (t term) left(at Instant) time.Duration { return t.hold - at.Since(t.begin) }

// isOver reports whether the term has ended.
func (t term) isOver(at Instant) bool { return t.hold > 0 && t.left(at) <= 0 }

// backstop returns the hold_ms for the broker, in case the client can no longer count hold itself. It is long enough
// that the holder has stopped by the time the broker takes the lock back.
//
// The broker counts from the grant, and the client from when it reads the grant. That is up to two thirds of the
// session timeout later, because a grant that is read after the lease does not count. The clocks may run at rates
// that differ by a tenth.
func backstop(hold, timeout time.Duration) time.Duration {
	total := hold + patience(timeout)
	return total + total/10
}
