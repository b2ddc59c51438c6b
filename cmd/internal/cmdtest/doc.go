// Package cmdtest is for the tests of the commands. It starts brokers that other processes can reach, and has a
// TestMain that makes the commands available as real processes without building them.
package cmdtest
