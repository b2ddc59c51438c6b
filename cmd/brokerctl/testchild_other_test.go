//go:build !unix

package main

// testChild does nothing: "run" does not exist here.
func testChild() {}
