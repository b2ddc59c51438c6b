// Package judge checks what holders report against the promises.
//
// A holder reports an interval: from when the call that acquired returned, until a moment that was read before a check
// said that the lock is held. A lock that was lost is never held again, so the request held the lock for all of the
// interval. The end is the last such moment, so a process that is frozen or killed claims too little, never too much.
// All processes read the same clock. So the intervals of two processes can be compared, and a report may come late.
//
// The judge checks:
//
//   - exclusion and the lease (P1, P5): intervals on one lock must be compatible. An overlap is a broken lease if the
//     requests came from different processes or sessions, which is all that clients can see.
//   - all-or-nothing is implied: a request with several locks is compared on each of them.
//   - rising tokens (P2): if one grant was certainly before another, its token is less. It was if the first call had
//     returned before the second began.
//   - quiet periods: the caller names a period in which nothing may be granted, such as a grace period.
//
// The judge forgets intervals that ended a while ago. It cannot see an overlap that is shorter than the time from a
// grant to the client's first look at the clock.
package judge
