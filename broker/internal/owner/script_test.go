package owner

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/internal/scripttest"
)

// TestScripts runs testdata/*.txt. Package scripttest says what is in a script, and what -update does.
func TestScripts(t *testing.T) {
	scripttest.Run(t, 25, func(t *testing.T, config string) func(string) []string {
		return newDriver(t, config).step
	})
}
