// Package screen has what programs need to write on a terminal: the width of text, styles, and whether there is
// a terminal.
package screen
