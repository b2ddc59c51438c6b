//go:build unix

package main

// systemCommands are those that need what not every system has.
type systemCommands struct {
	Run runCmd `cmd:"" help:"Run a command while locks are held."`
}
