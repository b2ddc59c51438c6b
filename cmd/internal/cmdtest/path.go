package cmdtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

// Path returns a PATH with the commands of Main, these programs and nothing else. If programs are missing, the test is
// skipped, with all their names; with CI=true it fails. So a script never hangs because a program is missing.
func Path(t testing.TB, programs ...string) string {
	t.Helper()
	commands := filepath.SplitList(os.Getenv("PATH"))[0]
	return commands + string(os.PathListSeparator) + needs.Folder(t, programs...)
}
