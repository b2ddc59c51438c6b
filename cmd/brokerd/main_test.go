//go:build unix

package main

import (
	"flag"
	"net"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
)

var (
	update = flag.Bool("update", false, "rewrite the golden files of testdata")
	long   = flag.Bool("long", false, "freeze a holder with the default timeout too, which takes 15 s")
)

func TestMain(m *testing.M) {
	cmdtest.Main(m, map[string]func(){"brokerd": main, "holder": holder})
}

// TestScripts runs testdata/brokerd.
func TestScripts(t *testing.T) {
	path := cmdtest.Path(t, "sh")
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/brokerd",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", path)
			return nil
		},
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"occupy": occupy},
	})
}

// occupy listens on a port and sets PORT.
func occupy(ts *testscript.TestScript, _ bool, _ []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	ts.Check(err)
	ts.Setenv("PORT", port)
}

// TestExamples checks that the help of each command has an example.
func TestExamples(t *testing.T) { cmdtest.CheckExamples(t, newApp()) }
