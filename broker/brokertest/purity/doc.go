// Package purity checks that a package is a pure state machine: it reads no clock, does no I/O, starts
// no goroutine, and its answers do not depend on the order of a map. Tests of the lock table and of the
// cores of broker and client use it. Nothing else should import it.
//
// [Check] checks the package in the current directory. It reads the source, so it cannot see what a
// function of another package does: the caller lists the packages that may be imported.
package purity
