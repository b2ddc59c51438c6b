// Package manpage writes the manual page of a program from the same model of kong
// from which its --help comes. Start with [Write].
//
// Why not mango-kong, which does that too: its pages have no arguments, no
// environment, no exit codes and no preformatted text, so that examples flow into
// one paragraph; they bear the date of today; and a percent sign in a help text
// comes out as "%!" (roff v0.1.0 takes text for a format).
package manpage
