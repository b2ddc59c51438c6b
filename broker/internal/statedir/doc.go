// Package statedir keeps what one run of the broker leaves to the next: from
// which fencing token on none was ever given out, and whether old clients may
// still believe.
//
// The state is one small file, replaced as a whole: written beside, flushed to
// the disk, renamed, and the directory flushed. So after a crash or a loss of
// power there is the old state or the new one. A file that is anything else is
// refused and left as it is: a guess could hand out a token twice.
//
// The file also says when it was itself made, which no copy can have: so a state that was
// restored from a backup is known for one, and may be older than what was given out.
//
// A lock over the directory, which the system takes back from a process that
// dies, keeps a second broker out.
package statedir
