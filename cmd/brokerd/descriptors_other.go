//go:build !unix

package main

// descriptorLimit knows of no limit.
func descriptorLimit() (limit uint64, known bool) { return 0, false }
