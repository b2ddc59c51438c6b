//go:build !unix

package main

import "os"

// isHeldOpen returns true, because the system does not tell.
func isHeldOpen(*os.File) bool { return true }

// ignoreBackground does nothing: there is no SIGTTIN.
func ignoreBackground() {}
