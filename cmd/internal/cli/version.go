package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// Version is the command "version".
type Version struct{}

// Help returns the text that --help shows above the flags.
func (Version) Help() string {
	return `Prints the version of the program, of Go, and the platform:

    $ PROGRAM version
    PROGRAM v1.2.3 go1.26.0 linux/amd64`
}

// A VersionFlag is the flag --version.
type VersionFlag bool

// BeforeReset prints what the command "version" prints, and ends the process.
func (VersionFlag) BeforeReset(app *kong.Kong) error {
	if err := (Version{}).Run(app); err != nil {
		end(app, err) // An error returned from here would count as a wrong command line.
	}
	app.Exit(0)
	return nil
}

// Run prints the program, its version, the version of Go and the platform on one line.
func (Version) Run(app *kong.Kong) error {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	_, err := fmt.Fprintln(app.Stdout, app.Model.Name, BuildVersion(), runtime.Version(), platform)
	return err
}

// BuildVersion returns the version of the module: a tag, a commit, or (devel) if Go did not record one, as
// under go run.
func BuildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
