// Package statedir keeps what one run of the broker leaves to the next: a limit above all fencing
// tokens that were given out, and whether there may be stale holders.
//
// The state is one small file, which is replaced as a whole. The new file is written beside the old
// one, flushed to the disk and renamed, and then the directory is flushed. So after a crash or a
// loss of power there is the old state or the new one. Anything else in the file is an error, and
// the file is left as it is: with a guess, a token could be given out twice.
//
// The file also records when it was made. No copy can have the same time. So the package notices a
// state that was restored from a backup, which may be older than the last run.
//
// A file lock keeps a second broker out of the directory. The system releases the lock when the
// process dies.
package statedir
