package cli

import (
	"slices"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/manpage"
)

// Man is the command "man".
type Man struct{}

// Help returns the text that --help shows above the flags.
func (Man) Help() string {
	return `Prints the manual page, to show it with man(1) or to install it:

    $ PROGRAM man | man -l -
    $ PROGRAM man > /usr/local/share/man/man1/PROGRAM.1`
}

// Run prints the manual page of the program.
func (Man) Run(app *kong.Kong) error {
	also := []string{"brokerctl(1)", "brokerd(1)"}
	also = slices.DeleteFunc(also, func(page string) bool { return page == app.Model.Name+"(1)" })
	return manpage.Write(app.Stdout, app.Model, flagHelp, also...)
}
