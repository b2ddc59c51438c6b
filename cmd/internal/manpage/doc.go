// Package manpage writes the manual page of a program from the kong model that also produces its --help. Start
// with [Write].
//
// mango-kong does the same, but its pages have no arguments, environment, exit codes or preformatted text, so
// examples flow into one paragraph. They also carry the date of the build, and a percent sign in a help text comes
// out as "%!" (roff v0.1.0 uses text as a format).
package manpage
