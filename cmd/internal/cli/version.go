package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// Version is the command "version".
type Version struct{}

// Help is shown below the flags.
func (Version) Help() string {
	return `The version of the program, that of Go, and the platform:

    $ PROGRAM version
    PROGRAM v1.2.3 go1.26.0 linux/amd64`
}

// Run prints the name of the program, its version and that of Go, on one line.
func (Version) Run(app *kong.Kong) error {
	_, err := fmt.Fprintln(app.Stdout, app.Model.Name, BuildVersion(), runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return err
}

// BuildVersion is the version of the module that the program was built from: a
// tag, a commit, or (devel) when Go did not record one, as under go run.
func BuildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
