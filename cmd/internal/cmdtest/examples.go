package cmdtest

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// CheckExamples fails for each command whose help has no example: a line that begins with "$", the program and
// the command.
func CheckExamples(t *testing.T, app *kong.Kong) {
	t.Helper()
	for _, command := range app.Model.Leaves(false) {
		example := "$ " + cli.FullName(command)
		shown := false
		for line := range strings.Lines(command.Detail) {
			shown = shown || strings.HasPrefix(strings.TrimSpace(line)+" ", example+" ")
		}
		if !shown {
			t.Errorf("the help of %s has no line that begins with %q", cli.FullName(command), example)
		}
	}
}
