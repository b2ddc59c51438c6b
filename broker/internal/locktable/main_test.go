package locktable

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain makes rapid try 1000 programs unless the command line says otherwise. With its default of
// 100, some broken rules go unnoticed.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
