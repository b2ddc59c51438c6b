// Package event is the form in which the workers of package history report what happens to their requests: one line
// for each event.
//
//	8146208519 called 7 pair/a pair/b:shared
//	8151310042 granted 7 1796210012001041
//	8151322411 held 7
//	8160011873 released 7
//
// The number in front is the time in nanoseconds on CLOCK_MONOTONIC, which all processes of a machine share. The second
// number is the number of the request: a worker counts from 0. Worker programs in other languages write the same lines.
package event
