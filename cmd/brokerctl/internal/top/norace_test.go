//go:build !race

package top

// veryMany is the number of locks in tests of the scanner.
const veryMany = 100_000
