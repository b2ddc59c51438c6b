// Package examples has no code of its own: each folder is a small program, and
// the tests here run all of them.
package examples
