//go:build !unix

package main

// testChild is for "run", which is not there.
func testChild() {}
