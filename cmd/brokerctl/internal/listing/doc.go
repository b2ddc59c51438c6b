// Package listing formats locks, requests and changes for a terminal. No name in them can forge a line or send
// control sequences to the terminal: see [printable.Text].
package listing
