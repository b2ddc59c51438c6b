import { since } from "./clock.js";

// A lease is how long the broker is known not to have given this session up.
//
// The broker ends a session that it has not heard from for its timeout. When an answer
// arrives to something that was sent at t, the broker has heard from us at t or later, so
// it will not end the session before t + timeout. The client gives up at two thirds of
// that, for clocks that run at different rates and holders that need a moment to stop.
//
// Below, heard is when the latest message was sent that has been answered.

// leaseLeft is for how long locks still count as held. Less than a millisecond is nothing.
export const leaseLeft = (timeout, heard, at) => (timeout * 2) / 3 - since(at, heard);

// silence is for how long the connection must stay open, in silence, after the lease has
// ended: the broker has then ended the session by itself. It goes by the clock that is
// never set: where the other was set forward, the broker has noticed nothing; where the
// machine was suspended, it has given up by itself.
export const silence = (timeout, heard, at) => timeout - (at.mono - heard.mono);

// later is the later of two instants: answers come in whatever order.
export const later = (a, b) => (a.mono > b.mono ? a : b);

// backstop is the hold_ms that the broker is told where the client counts hold: so great
// that the holder has stopped when the broker takes the lock back. It is a tenth more than
// the hold and the lease together, in integers as long as may be, rounded up.
export const backstop = (hold, timeout) => Math.ceil(((3 * hold + 2 * timeout) * 11) / 30);
