//go:build race

package top

// veryMany is how many locks the scanner is tested with: the race detector finds
// no more with more of them, and takes ten times as long.
const veryMany = 10_000
