// Package screen helps programs write on a terminal. It measures the width of text, provides styles, and tells
// whether a file is a terminal.
package screen
