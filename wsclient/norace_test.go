//go:build !race

package wsclient_test

const defaultCrossings = 100_000
