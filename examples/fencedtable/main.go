//go:build unix

// Command fencedtable shows what a lock cannot do, and what a fencing token can.
//
// A clerk reads how many apples there are and sells one. Just before it writes down what is left, it is
// frozen: by a debugger, a full disk, or the move of a virtual machine. The broker grants its lock to
// another clerk, as it must. Then the first clerk wakes up and goes on where it was.
//
//	go run ./examples/fencedtable
//	go run ./examples/fencedtable --no-token
//
// A trigger of the table refuses a row whose token is less than the one in the table. So the database
// itself refuses the late writer. Without the trigger, the sale of the other clerk is lost.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

type config struct {
	noToken bool
	file    string

	// A clerk runs this program once more, with these:
	clerk  string
	sells  int
	hangs  bool
	broker string
}

func main() {
	var c config
	flag.BoolVar(&c.noToken, "no-token", false, "let the table accept every writer, to see what is lost")
	file := filepath.Join(os.TempDir(), fmt.Sprintf("apples-%d.db", os.Getpid()))
	flag.StringVar(&c.file, "file", file, "file of the table; removed at the end")
	flag.StringVar(&c.clerk, "clerk", "",
		"be the clerk of that name; this flag and those below are for this program's own use")
	flag.IntVar(&c.sells, "sells", 0, "how many the clerk sells")
	flag.BoolVar(&c.hangs, "hangs", false, "whether it hangs before it writes")
	flag.StringVar(&c.broker, "broker", "", "URL of the broker")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := c.tell
	if c.clerk != "" {
		run = c.work
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "fencedtable:", err)
		os.Exit(1) //nolint:gocritic // the process ends, and so does the handling of signals
	}
}
