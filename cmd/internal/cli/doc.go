// Package cli contains what the programs share. It parses flags, reports failures to users and scripts, and
// implements the commands "man" and "version".
package cli
