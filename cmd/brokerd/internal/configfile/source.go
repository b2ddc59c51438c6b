package configfile

import (
	"fmt"
	"os"
	"regexp"

	"github.com/alecthomas/kong"
)

// A File is a kong.Resolver. It leaves alone what the environment sets: kong itself would let a file take
// precedence over the environment. A variable that is empty sets nothing.

// Resolve implements kong.Resolver.
func (f *File) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if variableOf(flag) != "" {
		return nil, nil //nolint:nilnil // as kong wants it: there is no value, and no error
	}
	return f.Value(flag.Name), nil
}

// Validate implements kong.Resolver. Parse has checked everything.
func (f *File) Validate(*kong.Application) error { return nil }

// variableOf returns the variable of the environment that sets a flag, or "".
func variableOf(flag *kong.Flag) string {
	for _, name := range flag.Envs {
		if os.Getenv(name) != "" {
			return name
		}
	}
	return ""
}

// A Value is what is in force for a key, and where it comes from.
type Value struct {
	Key    string
	Value  any
	Source string // "command line", the name of a variable after a $, the place in the file, or "default"
}

// Values returns what is in force for flags after a command line was parsed. file may be nil.
func Values(ctx *kong.Context, file *File, flags []*kong.Flag) []Value {
	values := make([]Value, len(flags))
	for i, flag := range flags {
		values[i] = Value{flag.Name, ctx.FlagValue(flag), sourceOf(ctx, file, flag)}
	}
	return values
}

// Given returns the values of the flags that the command line has set.
func Given(ctx *kong.Context, flags []*kong.Flag) map[string]any {
	given := map[string]any{}
	for _, value := range Values(ctx, nil, flags) {
		if value.Source == commandLine {
			given[value.Key] = value.Value
		}
	}
	return given
}

const commandLine = "command line"

func sourceOf(ctx *kong.Context, file *File, flag *kong.Flag) string {
	for _, path := range ctx.Path {
		if path.Flag == flag && !path.Resolved {
			return commandLine
		}
	}
	if name := variableOf(flag); name != "" {
		return "$" + name
	}
	if file != nil && file.Value(flag.Name) != nil {
		return file.Place(flag.Name)
	}
	return "default"
}

// flagName matches the name of a flag in an error.
var flagName = regexp.MustCompile(`--([a-z]+(?:-[a-z]+)*)`)

// Locate adds to an error the place of the first flag that the error names, if its value is from the file.
func (f *File) Locate(ctx *kong.Context, err error, flags []*kong.Flag) error {
	if err == nil {
		return nil
	}
	found := flagName.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	for _, flag := range flags {
		place := f.Place(flag.Name)
		if flag.Name == found[1] && place != "" && sourceOf(ctx, f, flag) == place {
			return fmt.Errorf("%s: %w", place, err)
		}
	}
	return err
}
