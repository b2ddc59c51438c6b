// Package examples contains only tests. Each folder is a small program, and the tests run all of them.
package examples
