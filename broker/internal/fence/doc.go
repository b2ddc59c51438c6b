// Package fence stores the reservations of fencing tokens, and tells a run where its tokens begin.
//
// A [Source] says where tokens come from: the clock ([FromClock]) or the state directory ([Open]).
// A [Supply] stores reservations on a goroutine, so that the loop does not wait for the disk while it
// serves. The decisions are those of package core: which tokens a run may give out, when it reserves
// more, and how long the next run must wait.
//
// Source and Supply belong to the goroutine of the loop. Only Source.Reserve runs on another one.
package fence
