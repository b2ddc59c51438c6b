// All arithmetic of time: the lease of a connection, and what a hold adds to it. Nothing here reads
// a clock; instants are made by now in clock.js.
//
// The lease is the period during which this client may treat its locks as held without hearing from
// the broker. The broker ends a session from which it has heard nothing for the session timeout. An
// answer to a message that was sent at time t proves that the broker heard this client at t or
// later. So it does not end the session before t + timeout. The lease ends at two thirds of that.
// The last third is for clocks that run at different rates, and for holders that need time to stop.
//
// In the functions below, heard is when the latest message was sent that has been answered.

// since returns the longest time that can have passed between two instants. A clock that stood still
// or was set back does not count. A wall clock that was set forward does count: locks may then be
// given up for nothing, which is the safe side.
export const since = (at, earlier) => Math.max(at.mono - earlier.mono, at.wall - earlier.wall);

// leaseLeft returns how much of the lease is left. Less than two milliseconds are nothing: a timer may
// fire one early, and the wall clock cuts off fractions of one.
export const leaseLeft = (timeout, heard, at) => (timeout * 2) / 3 - since(at, heard);

// silenceLeft returns how long a connection must stay open, in silence, after its lease has ended.
// Then the broker has ended the session by itself. Only the monotonic clock counts: if the wall
// clock was set forward, the broker has noticed nothing. If the machine was suspended, the broker
// has ended the session already.
export const silenceLeft = (timeout, heard, at) => timeout - (at.mono - heard.mono);

// later returns the later of two instants. Answers may come in any order.
export const later = (a, b) => (a.mono > b.mono ? a : b);

// backstop returns the hold_ms to send for a hold that this client counts: a tenth more than the
// hold and the lease together, so that the holder has stopped when the broker takes the lock back.
// It is computed in integers up to the last division, and rounded up.
export const backstop = (hold, timeout) => Math.ceil(((3 * hold + 2 * timeout) * 11) / 30);
