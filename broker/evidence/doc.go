// Package evidence holds nothing but its folders: the attacks on what the broker promises. README.md, beside this
// file, says what attacks which promise, how to run it, and what it has found.
package evidence
