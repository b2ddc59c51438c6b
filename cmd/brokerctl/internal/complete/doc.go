// Package complete implements shell completion for a kong command line. It finds out what the word under the
// cursor stands for, collects the possible values, and prints them for the shell. Start with [Completer]. A
// shell evaluates the [Script] at its start, and calls the program at each Tab, which calls [ForBash], [ForZsh]
// or [ForFish].
//
// The libraries for kong, kong-completion and kongplete, do not fit. Both use posener/complete, which splits
// the line at spaces even inside quotes, and gives names to bash unquoted. A lock may be called "it's", "a b",
// "$HOME" or "db:users". For such names, bash would insert a line that names another lock or none, or repeat
// the text before the colon.
package complete
