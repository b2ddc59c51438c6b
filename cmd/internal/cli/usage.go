package cli

import (
	"errors"
	"strings"

	"github.com/alecthomas/kong"
)

// usage is how the program ends when its command line is wrong. Whatever it is:
// kong has an exit code of its own for some of the errors only.
func usage(app *kong.Kong, err error) error {
	failure := &Failure{Err: err, Code: ExitUsage}
	inner := &Failure{}
	if errors.As(err, &inner) && inner.Hint != "" {
		failure.Hint = inner.Hint
		return failure
	}
	text, suggestion, found := strings.Cut(err.Error(), ", did you mean ")
	if found {
		failure.Hint = "did you mean " + suggestion
	} else {
		failure.Hint = "see " + commandOf(app, err) + " --help"
	}
	// This is what kong says where the line ends too early.
	failure.Err = errors.New(strings.TrimSuffix(text, ` but got "EOL" (<EOL>)`))
	return failure
}

// commandOf is the command that the line names, as far as it is right.
func commandOf(app *kong.Kong, err error) string {
	parse := &kong.ParseError{}
	if errors.As(err, &parse) && parse.Context != nil {
		if command := parse.Context.Selected(); command != nil {
			return command.FullPath()
		}
	}
	return app.Model.Name
}
