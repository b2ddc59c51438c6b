package cli

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// CommandFirst moves global flags from before the command to after it. Kong knows them only as flags of commands.
// A flag of a command is global if its field has the tag "global". CommandFirst drops global flags if no command
// follows, so that the parser reports the word that does follow.
func CommandFirst(app *kong.Application, args []string) []string {
	rest := args
	for len(rest) > 0 {
		flag, inWord := globalFlag(app, rest[0])
		if flag == nil {
			break
		}
		if rest = rest[1:]; !inWord && !flag.IsBool() {
			rest = rest[min(1, len(rest)):]
		}
	}
	moved := args[:len(args)-len(rest)]
	if len(rest) == 0 || strings.HasPrefix(rest[0], "-") {
		return rest
	}
	return slices.Concat(rest[:1], moved, rest[1:])
}

// globalFlag returns the global flag for a word, or nil. It also reports whether the value is in the same word, as in
// --port=1 and -p1.
func globalFlag(app *kong.Application, word string) (flag *kong.Flag, inWord bool) {
	name, _, assigned := strings.Cut(word, "=")
	for _, f := range GlobalFlags(app) {
		switch short := "-" + string(f.Short); {
		case name == "--"+f.Name:
			return f, assigned
		case f.Short != 0 && !strings.HasPrefix(word, "--") && strings.HasPrefix(word, short):
			return f, word != short
		}
	}
	return nil, false
}

// GlobalFlags returns the flags of commands that may also come before the command.
func GlobalFlags(app *kong.Application) []*kong.Flag {
	var found []*kong.Flag
	for _, command := range app.Leaves(true) {
		for _, flag := range command.Flags {
			same := func(f *kong.Flag) bool { return f.Name == flag.Name }
			if flag.Tag.Has("global") && !slices.ContainsFunc(found, same) {
				found = append(found, flag)
			}
		}
	}
	return found
}
