package cli

import (
	"strings"

	"github.com/alecthomas/kong"
)

// New makes a program of a grammar. PROGRAM in the help of a command is its name:
// so a command that several programs share can show how it is called.
func New(grammar any, options ...kong.Option) *kong.Kong {
	app := kong.Must(grammar, options...)
	for _, command := range app.Model.Leaves(false) {
		command.Detail = strings.ReplaceAll(command.Detail, "PROGRAM", app.Model.Name)
	}
	return app
}
