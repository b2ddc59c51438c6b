//go:build !unix

package main

import "os"

// isHeldOpen does not know, and takes it that somebody does.
func isHeldOpen(*os.File) bool { return true }

// ignoreBackground has nothing to do here.
func ignoreBackground() {}
