//go:build race

package main

// raceDetector is true under the race detector, with which a process takes several times the memory.
const raceDetector = true
