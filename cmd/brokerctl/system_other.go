//go:build !unix

package main

// systemCommands are those that need what not every system has: "run" needs process
// groups and signals.
type systemCommands struct{}

// session is nothing here, as nothing is inside a run.
func session() int { return 0 }

// isWaitedForBy is false: there is no run.
func isWaitedForBy(int) bool { return false }
