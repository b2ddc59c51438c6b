//go:build !unix

package main

// sitter is for "run", which is not there.
func sitter() {}
