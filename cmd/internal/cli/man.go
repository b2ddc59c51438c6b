package cli

import (
	"slices"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/manpage"
)

// Man is the command "man".
type Man struct{}

// Help is shown below the flags.
func (Man) Help() string {
	return `The manual page, for man(1) to show, or to keep where it looks for pages:

    $ PROGRAM man | man -l -
    $ PROGRAM man > /usr/local/share/man/man1/PROGRAM.1`
}

// Run prints the manual page of the program.
func (Man) Run(app *kong.Kong) error {
	also := []string{"brokerctl(1)", "brokerd(1)"}
	also = slices.DeleteFunc(also, func(page string) bool { return page == app.Model.Name+"(1)" })
	return manpage.Write(app.Stdout, app.Model, also...)
}
