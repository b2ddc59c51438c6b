package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"
)

// Exit codes. That of a usage error is kong's own; that of a broker that cannot
// be reached is EX_UNAVAILABLE of sysexits.h.
const (
	ExitFailure     = 1
	ExitUnavailable = 69
	ExitUsage       = 80
)

// A Failure is an error that says how the command is to end.
type Failure struct {
	Err  error
	Hint string // what a person may do about it; may be empty
	Code int    // the exit code; 0: ExitFailure
}

// Error is that of Err.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// Main parses the arguments of the process, runs the command that they name and
// ends the process if that fails: with one line that says what is wrong, and
// below it the hint, if there is one, both on stderr.
func Main(app *kong.Kong) {
	ctx, err := app.Parse(os.Args[1:])
	if err != nil {
		// Whatever it is: kong has a code of its own for some of them only.
		err = &Failure{Err: err, Code: ExitUsage}
	} else {
		err = ctx.Run()
	}
	if err != nil {
		end(app, err)
	}
}

func end(app *kong.Kong, err error) {
	failure := &Failure{}
	if !errors.As(err, &failure) {
		failure.Err = err
	}
	app.Errorf("%v", failure)
	if failure.Hint != "" {
		_, _ = fmt.Fprintf(app.Stderr, "%s: hint: %s\n", app.Model.Name, failure.Hint)
	}
	app.Exit(cmp.Or(failure.Code, ExitFailure))
}
