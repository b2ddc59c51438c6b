package cli

import (
	"errors"
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// Parse parses the command line. It refuses input that kong would change silently: kong replaces invalid UTF-8 with
// U+FFFD, so that two names become one, and it keeps only the last value of a repeated flag.
func Parse(app *kong.Kong, args []string) (*kong.Context, error) {
	for i, arg := range args {
		if !utf8.ValidString(arg) { // It may hold a secret, so the error does not show it.
			return nil, notText(fmt.Sprintf("argument %d", i+1))
		}
	}
	ctx, err := app.Parse(args)
	if err == nil {
		err = errors.Join(checkOnce(ctx), checkEnvironment(ctx))
	}
	if err != nil {
		return nil, usage(app, err)
	}
	return ctx, nil
}

// checkOnce refuses a repeated flag, except one that collects values.
func checkOnce(ctx *kong.Context) error {
	given := make(map[*kong.Flag]bool)
	for _, path := range ctx.Path {
		flag := path.Flag
		if flag == nil || flag.IsCumulative() {
			continue
		}
		if given[flag] {
			return &Failure{
				Err:  fmt.Errorf("--%s is given twice", flag.Name),
				Hint: "see " + nameOf(ctx) + " --help",
			}
		}
		given[flag] = true
	}
	return nil
}

// nameOf returns the full name of the selected command.
func nameOf(ctx *kong.Context) string {
	if command := ctx.Selected(); command != nil {
		return FullName(command)
	}
	return ctx.Model.Name
}

// FullName returns the name of a command, after those of the program and of its parents. Unlike
// [kong.Node.FullPath], it leaves out other names of the command.
func FullName(command *kong.Node) string {
	if command.Parent == nil {
		return command.Name
	}
	return FullName(command.Parent) + " " + command.Name
}

// checkEnvironment refuses invalid UTF-8 in the variables that the command reads.
func checkEnvironment(ctx *kong.Context) error {
	for _, path := range ctx.Path {
		for _, flag := range path.Flags {
			for _, name := range flag.Envs {
				if !utf8.ValidString(os.Getenv(name)) {
					return notText(name)
				}
			}
		}
	}
	return nil
}

func notText(what string) error {
	err := fmt.Errorf("%s is not valid UTF-8", what)
	return &Failure{Err: err, Hint: "text must be UTF-8 in every locale", Code: ExitUsage}
}
