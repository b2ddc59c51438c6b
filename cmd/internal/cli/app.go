package cli

import (
	"strings"

	"github.com/alecthomas/kong"
)

// New returns the program for a grammar. It replaces PROGRAM in the help of commands with the name of the program, so
// that programs can share commands.
func New(grammar any, options ...kong.Option) *kong.Kong {
	options = append([]kong.Option{kong.Help(printHelp), kong.ValueFormatter(flagHelp)}, options...)
	app := kong.Must(grammar, options...)
	for _, command := range app.Model.Leaves(false) {
		command.Detail = strings.ReplaceAll(command.Detail, "PROGRAM", app.Model.Name)
	}
	return app
}
