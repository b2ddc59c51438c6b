// Package complete is shell completion for a command line of kong: it finds out
// what the word that is being typed stands for, asks for what it could be, and
// tells the shell. Start with [Completer]; [Script] is what a shell evaluates at
// its start, and [ForBash], [ForZsh] and [ForFish] are what it calls at each Tab.
//
// Why not one of the libraries for kong: kong-completion and kongplete both rest on
// posener/complete, which splits the line at spaces, whatever is quoted, and hands
// bash names as they are. A lock may be called "it's", "a b", "$HOME" or
// "db:users": bash would insert a line that names another lock, or none, or repeat
// what stands before the colon.
package complete
