//go:build race

package top

// veryMany is the number of locks in tests of the scanner. More locks find no more races, and take ten times as
// long.
const veryMany = 10_000
