// Package cmdtest is for the tests of the commands: brokers on the loopback
// interface, which other processes can reach, and a TestMain that makes the
// commands available as real processes without building them.
package cmdtest
