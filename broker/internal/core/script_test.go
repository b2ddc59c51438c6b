package core

import (
	"cmp"
	"testing"

	"github.com/lockbroker/lockbroker/broker/internal/scripttest"
)

// TestScripts runs testdata/*.txt. Package scripttest says what is in a script, and what -update does.
func TestScripts(t *testing.T) {
	scripttest.Run(t, 15, func(t *testing.T, config string) func(string) []string {
		d := newDriver(t, config)
		return func(line string) []string {
			got := d.step(line)
			if err := cmp.Or(d.err, d.observer.check(d.now)); err != nil {
				t.Fatalf("after %s: %v", line, err)
			}
			return got
		}
	})
}
