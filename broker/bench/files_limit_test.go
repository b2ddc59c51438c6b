//go:build linux || darwin

package bench

import (
	"testing"

	"golang.org/x/sys/unix"
)

// connectionsPossible raises the limit of open files so that a process can have the wanted number of connections. It
// returns that number, or a lower one if the system permits no more. Servers that start later have the same limit.
func connectionsPossible(tb testing.TB, wanted int) int {
	tb.Helper()
	const others = 100 // files that are not connections
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
