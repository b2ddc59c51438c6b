package locktable

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets rapid try 1000 programs where the command line says nothing of
// it: in 100, its default, some rules are broken without anybody noticing.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
