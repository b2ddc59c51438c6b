// Package statedir stores what one run of the broker leaves to the next: a limit above all fencing
// tokens given out, and whether and for how long there may be stale holders.
//
// The state is one small file, which is always replaced as a whole. The new file is written beside
// the old one, flushed to the disk and renamed, and then the directory is flushed. So after a crash
// or a power failure the file contains either the old state or the new one. If it contains anything
// else, Open returns an error and leaves the file alone, because a wrong guess could make the
// broker give out a token twice.
//
// The file also records its own creation time. A copy of the file has another creation time. So the
// package notices a state file that was restored from a backup, which may be older than the last
// run.
//
// A run that stops may leave a second file, a snapshot, which is bound to the state: see snapshot.go.
//
// A file lock keeps a second broker out of the directory. The system releases the lock when the
// process dies.
package statedir
