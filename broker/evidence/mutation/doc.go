// Package mutation plants faults into the product, one at a time, and checks that the methods of package evidence find
// them. A method that finds no planted fault would not find a real one either.
//
// Each file in testdata/faults is a fault. It says what is broken, which promise that endangers, and which methods must
// find it. Then it gives the edits: a file, its old text and the new text. The old text must occur exactly once, so a
// fault that no longer fits the code fails the test. The edits are made in a copy of the sources. The compiler gets the
// copy by means of an overlay, and everything that a test reads from the disk comes from the copy.
//
// The compiler would take most of the time, so it runs once for each method. All faults in Go are planted together,
// each as a second version of the function that it changes. An environment variable says which one runs. Each run is
// first made without a fault, and must pass.
//
// # Methods
//
//	tests       the ordinary tests of a package
//	fuzz        a fuzz target: first its seeds and its corpus, then a few seconds of new inputs
//	simulation  package simulation
//	history     package history: real processes, checked for linearizability
//	model       package model: the same fault, planted in the model of the protocol
//	soak        package soak: chaos and soak
//
// A method finds a fault if its run fails by a check of its own, or because the product panics. Simulation, history and
// soak must name the broken promise, because they also fail if the machine is too busy for them. A run that does not
// compile, or that lasts longer than its limit, does not count.
//
// # Flags
//
// Without flags, the tests check that each fault fits the code and compiles, and that MATRIX.md has all of them. For
// tests, fuzz and simulation they run one fault for real.
//
//	go test ./broker/evidence/mutation -v -timeout 0 -run TestMatrix -full
//
// runs each fault with each method that must find it, and writes the results into MATRIX.md. These flags choose what
// runs:
//
//	-fault GLOBS  only faults whose names match one of these, such as '*lease*,01-*'
//	-method NAME  only this method
//	-all          also pairs of which nothing is expected; their results never fail the test
//	-fuzztime D   how long a fuzz target looks for new inputs; default 10s
//	-limit D      how long one run of a method may take; default 90s
//
// # What it cannot see
//
// A fault is one small edit. It shows that a method reacts to a defect of that kind, at that place. It does not show
// that the method finds every defect of that kind. Defects that nobody has thought of are not in the list.
package mutation
