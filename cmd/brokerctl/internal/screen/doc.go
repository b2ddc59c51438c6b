// Package screen is what programs need that write on a terminal: how wide text is
// there, how it stands out, and whether there is one.
package screen
