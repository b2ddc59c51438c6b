// Package fence decides which fencing tokens a run of the broker may give out.
//
// A [Source] knows where tokens come from: the clock ([FromClock]) or the state directory ([Open]).
// A [Supply] reserves them ahead, so that the loop never waits for a disk. A crash at any moment
// leaves the next run above every token that was given out:
//
//   - The broker gives out only tokens that are reserved. A reservation is on disk before
//     the first of its tokens is given out.
//   - A run begins at the limit that the last run reserved, or at the clock if that is more.
//   - After a run that did not stop cleanly there may be stale holders. The next run
//     grants nothing until they have given up: the grace period.
//
// Source and Supply belong to the loop. Only Source.Reserve runs on another goroutine.
package fence
