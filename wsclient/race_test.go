//go:build race

package wsclient_test

// With the race detector a crossing takes ten times as long. The detector's runtime sometimes crashed with SIGSEGV in
// its own code when hundreds of thousands of timers that call functions fired in a synctest bubble (Go 1.26;
// https://go.dev/issue/78156 may be the same).
const defaultCrossings = 10_000

// With the race detector, pools drop at random what is put into them.
const maxPairAllocs = 10
