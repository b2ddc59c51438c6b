package cmdtest

import (
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// Main runs the tests with the commands in PATH. Each command is the test binary itself, which then calls the
// function instead of running tests. Main fails if tests leave goroutines running. It does not return.
func Main(m *testing.M, commands map[string]func()) {
	testscript.Main(withoutLeaks{m}, commands)
}

type withoutLeaks struct{ *testing.M }

// Run runs the tests and then looks for goroutines.
func (m withoutLeaks) Run() (code int) {
	heedSignals()
	goleak.VerifyTestMain(m.M, goleak.Cleanup(func(c int) { code = c }))
	return code
}

// heedSignals makes the commands that tests start receive INT and HUP, even if this process ignores them
// because a script runs it in the background.
func heedSignals() {
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}
