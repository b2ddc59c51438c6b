package core

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets rapid try 1000 programs if the command line does not say how many: with 100, its default, a
// machine that breaks some rules may pass.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
