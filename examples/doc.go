// Package examples has no code of its own. Each folder is a small program, and the tests here run
// all of them. They also execute the blocks of the repository's pages, and follow their links.
package examples
