// Package cli is what the commands have in common: how a failure is told to
// people and to scripts, and what a command says of its version.
package cli
