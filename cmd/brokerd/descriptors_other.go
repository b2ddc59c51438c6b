//go:build !unix

package main

// descriptorLimit returns false: the limit is unknown.
func descriptorLimit() (limit uint64, known bool) { return 0, false }
