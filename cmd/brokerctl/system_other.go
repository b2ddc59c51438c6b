//go:build !unix

package main

// systemCommands are those that need what not every system has: "run" needs process
// groups and signals.
type systemCommands struct{}
