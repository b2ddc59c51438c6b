package dashboard_test

import (
	"path/filepath"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// TestNode runs the tests of the page's modules that need no browser.
func TestNode(t *testing.T) {
	tests, err := filepath.Glob("test/*.test.js")
	if err != nil || len(tests) == 0 {
		t.Fatalf("there are no test files: %v", err)
	}
	out, err := jstest.Node(t, append([]string{"--test", "--test-reporter=spec"}, tests...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
