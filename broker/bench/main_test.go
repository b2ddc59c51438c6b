package bench

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var (
	rounds     = flag.Int("rounds", 5, "how many turns each side has")
	turnTime   = flag.Duration("time", time.Second, "how long a turn is measured")
	wantPinned = flag.Bool("pinned", true, "give the server and the load a processor each, on Linux")
	profile    = flag.String("brokerprofile", "", "write to this file on what the broker of the last benchmark has spent its time")
)

// TestMain runs the tests, or, in a process that was started for that, a server.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		flag.Parse()
		serve := serveRole
		if isAttack(role) {
			serve = serveAttack
		}
		if err := serve(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, "left behind:", err)
		code = 1
	}
	printed.print(os.Stdout)
	os.Exit(code)
}
