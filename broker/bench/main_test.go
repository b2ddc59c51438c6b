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
	wantPinned = flag.Bool("pinned", true, "on Linux, give the servers one processor and the load another")
	profile    = flag.String("brokerprofile", "", "write a CPU profile of the last benchmark's broker to this file")
)

// TestMain runs the tests. In a process that startServer has started it runs a server instead.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		flag.Parse()
		serve := serveRole
		switch {
		case isAttack(role):
			serve = serveAttack
		case isDisturber(role):
			serve = serveDisturber
		case role == roleSpin:
			serve = serveSpin
		}
		if err := serve(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	if testing.Short() {
		briefly()
	}
	code := m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, "goroutines still run:", err)
		code = 1
	}
	printed.print(os.Stdout)
	os.Exit(code)
}
