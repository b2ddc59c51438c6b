// Package fence decides which fencing tokens a run of the broker may give out.
//
// A [Source] says where tokens come from: the clock ([FromClock]) or the state directory ([Open]).
// A [Supply] reserves them in advance, so that the loop does not wait for the disk while it serves.
// With a state directory, the next run starts above every token that was given out, even after a
// crash at any moment:
//
//   - The broker gives out only reserved tokens. A reservation is on the disk before the first of
//     its tokens is given out.
//   - A run starts at the limit that the last run reserved, or at the clock's microseconds if they
//     are greater.
//   - After a run that did not stop cleanly, there may be stale holders. The next run grants
//     nothing until they have given up their locks: this is the grace period.
//
// Source and Supply belong to the goroutine of the loop. Only Source.Reserve runs on another one.
package fence
