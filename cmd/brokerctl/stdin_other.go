//go:build !unix

package main

import "os"

// isHeldOpen returns true, because the system offers no way to know.
func isHeldOpen(*os.File) bool { return true }

// ignoreBackground does nothing: there is no SIGTTIN.
func ignoreBackground() {}
