//go:build !race

package top

// veryMany is how many locks the scanner is tested with.
const veryMany = 100_000
