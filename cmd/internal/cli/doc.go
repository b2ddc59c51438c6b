// Package cli is what the commands share: how they parse flags, report failures to users and scripts, and print
// their version.
package cli
