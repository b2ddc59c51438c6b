//go:build linux || darwin

package bench

import (
	"testing"

	"golang.org/x/sys/unix"
)

// connectionsPossible is as many connections as are wanted, if the system lets a process have
// so many files, or as many as it does. Servers that are started later may have as many.
func connectionsPossible(tb testing.TB, wanted int) int {
	tb.Helper()
	const others = 100 // files that are no connections
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		tb.Fatal(err)
	}
	need := uint64(wanted + others)
	if limit.Cur >= need {
		return wanted
	}
	more := unix.Rlimit{Cur: need, Max: max(need, limit.Max)}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &more); err == nil {
		return wanted
	}
	possible := int(limit.Cur) - others
	tb.Logf("%d connections instead of %d: a process may have %d files", possible, wanted, limit.Cur)
	return possible
}
