//go:build unix

// Command fencedtable shows what a lock cannot do, and what a fencing token can.
// A clerk reads how many apples there are, sells one, and is frozen just before
// writing down what is left: by the debugger, a full disk, a virtual machine that is
// moved. The broker gives its lock to another clerk, as it must. Then the first one
// wakes up and goes on where it was.
//
//	go run ./examples/fencedtable
//	go run ./examples/fencedtable --no-token
//
// The table has a trigger that refuses a row with a token less than the one that it
// has. So the database itself refuses the late writer. Without it the sale of the
// other clerk is lost.
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

	// Of a clerk, which is this program once more:
	clerk  string
	sells  int
	hangs  bool
	broker string
}

func main() {
	var c config
	flag.BoolVar(&c.noToken, "no-token", false, "let the table take any writer, to see what is lost")
	flag.StringVar(&c.file, "file", filepath.Join(os.TempDir(), fmt.Sprintf("apples-%d.db", os.Getpid())), "where the table is; removed at the end")
	flag.StringVar(&c.clerk, "clerk", "", "be the clerk of that name; this and all below is for this program's own use")
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
		os.Exit(1) //nolint:gocritic // the signals go with the process
	}
}
