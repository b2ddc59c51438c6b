package cmdtest

import (
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
	goleak.VerifyTestMain(m.M, goleak.Cleanup(func(c int) { code = c }))
	return code
}
