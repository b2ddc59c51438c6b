//go:build !race

package wsclient_test

const defaultCrossings = 100_000

const maxPairAllocs = 6
