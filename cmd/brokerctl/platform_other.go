//go:build !unix

package main

// platformCommands is empty: "run" needs process groups and signals.
type platformCommands struct{}

// sessionID returns 0, because no run can enclose this process.
func sessionID() int { return 0 }

// isWaitedForBy returns false, because there are no runs.
func isWaitedForBy(int) bool { return false }
