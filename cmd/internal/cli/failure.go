package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

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
	Err  error  // nil: there is nothing to say
	Hint string // what a person may do about it; may be empty
	Code int    // the exit code; 0: ExitFailure
}

// Error is that of Err, or names the code.
func (f *Failure) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("exit code %d", f.Code)
	}
	return f.Err.Error()
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// Main parses the arguments, runs the command that they name and ends the process if
// that fails: with one line that says what is wrong, if there is anything to say, and
// below it the hint, if there is one, both on stderr.
func Main(app *kong.Kong, args []string) {
	ctx, err := parse(app, args)
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

// line is text as one line, in which nothing reaches the terminal but text: what
// was joined is parted by semicolons, as errors.Join parts it by newlines.
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
