//go:build unix

package main

// systemCommands are those that need what not every system has.
type systemCommands struct {
	Run      runCmd      `cmd:"" help:"Run a command while locks are held."`
	Watchdog watchdogCmd `cmd:"" hidden:"" help:"End the command of a run that cannot do so itself."`
}
