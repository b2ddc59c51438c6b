// Package complete implements shell completion for a kong command line. It finds out what the word under the cursor
// stands for, collects the possible values, and prints them for the shell. Start with [Completer]. A shell evaluates
// the [Script] at its start. At each Tab it calls the program, which then calls [ForBash], [ForZsh] or [ForFish].
//
// The existing libraries for kong, kong-completion and kongplete, do not work here. Both use posener/complete, which
// splits the line at spaces even inside quotes, and passes names to bash unquoted. A lock may be called "it's", "a
// b", "$HOME" or "db:users". For such names, bash would insert a line that names another lock or none, or repeat the
// text before the colon.
package complete
