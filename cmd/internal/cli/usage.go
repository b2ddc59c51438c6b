package cli

import (
	"errors"
	"strings"

	"github.com/alecthomas/kong"
)

// usage returns the failure for an invalid command line. All such errors exit with ExitUsage: kong itself does
// that only for some.
func usage(app *kong.Kong, err error) error {
	failure := &Failure{Err: err, Code: ExitUsage}
	inner := &Failure{}
	if errors.As(err, &inner) && inner.Hint != "" {
		failure.Hint = inner.Hint
		return failure
	}
	text, suggestion, found := strings.Cut(err.Error(), ", did you mean ")
	command := commandOf(app, err)
	switch flag, unknown := strings.CutPrefix(text, "unknown flag "); {
	case unknown && command == app.Model.Name && isFlagOfCommand(app, flag):
		failure.Hint = "this flag comes after the command; see " + command + " --help"
	case found:
		failure.Hint = "did you mean " + suggestion
	default:
		failure.Hint = "see " + command + " --help"
	}
	// kong adds this if an argument is missing at the end.
	failure.Err = errors.New(strings.TrimSuffix(text, ` but got "EOL" (<EOL>)`))
	return failure
}

// commandOf returns the full name of the command on the line, up to the first invalid word.
func commandOf(app *kong.Kong, err error) string {
	parse := &kong.ParseError{}
	if errors.As(err, &parse) && parse.Context != nil {
		if command := parse.Context.Selected(); command != nil {
			return FullName(command)
		}
	}
	return app.Model.Name
}

// isFlagOfCommand reports whether a command has this flag, which is written like -p or --port.
func isFlagOfCommand(app *kong.Kong, written string) bool {
	for _, command := range app.Model.Children {
		for _, flag := range command.Flags {
			if written == "--"+flag.Name || written == "-"+string(flag.Short) {
				return true
			}
		}
	}
	return false
}
