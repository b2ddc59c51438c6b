package cmdtest

import (
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// Main runs the tests, with the commands in PATH: each is the test binary, which
// calls the function instead of the tests. It fails when tests leave goroutines
// behind. It does not return.
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

// heedSignals lets the commands that tests start heed signals that this process was
// told to ignore, being run in the background of a script.
func heedSignals() {
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}
