package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// Exit codes. ExitUsage is kong's own. ExitUnavailable is EX_UNAVAILABLE of sysexits.h: the broker cannot be
// reached.
const (
	ExitFailure     = 1
	ExitUnavailable = 69
	ExitUsage       = 80
)

// A Failure is an error that says how the command must end.
type Failure struct {
	Err  error  // nil: no message
	Hint string // what the user may do; may be empty
	Code int    // the exit code; 0: ExitFailure
}

// Error returns the message of Err, or the exit code.
func (f *Failure) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("exit code %d", f.Code)
	}
	return f.Err.Error()
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// Main parses the arguments and runs the command. If that fails, it ends the process. On stderr it prints one
// line for the error, if it has a message, and one for the hint, if there is one.
func Main(app *kong.Kong, args []string) {
	ctx, err := Parse(app, args)
	if err == nil {
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
	if failure.Err != nil {
		app.Errorf("%s", line(failure.Error()))
	}
	if failure.Hint != "" {
		_, _ = fmt.Fprintf(app.Stderr, "%s: hint: %s\n", app.Model.Name, line(failure.Hint))
	}
	app.Exit(cmp.Or(failure.Code, ExitFailure))
}

// line makes text one printable line: newlines, which errors.Join adds, become semicolons, and other control
// characters are escaped.
func line(text string) string {
	var out strings.Builder
	for _, c := range strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ") {
		if strconv.IsPrint(c) {
			out.WriteRune(c)
		} else {
			out.WriteString(strings.Trim(strconv.QuoteRune(c), "'"))
		}
	}
	return out.String()
}
