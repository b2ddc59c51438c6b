//go:build unix

// Command fencedtable shows what a lock cannot do and a fencing token can. A clerk reads the number of apples, sells
// one, and is frozen just before it writes the new number: by a debugger, a full disk, or a virtual machine that is
// being moved. The broker must grant the lock to another clerk. Then the first clerk wakes up and continues where it
// stopped.
//
//	go run ./examples/fencedtable
//	go run ./examples/fencedtable --no-token
//
// The table has a trigger that refuses an update with a smaller token than the stored one. So the database itself
// refuses the late write. Without the trigger, the other clerk's sale is lost.
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

	// The fields of a clerk, which is a second instance of this program:
	clerk  string
	sells  int
	hangs  bool
	broker string
}

func main() {
	var c config
	flag.BoolVar(&c.noToken, "no-token", false, "let the table accept every write, to show that a sale is lost")
	flag.StringVar(&c.file, "file", filepath.Join(os.TempDir(), fmt.Sprintf("apples-%d.db", os.Getpid())),
		"the file of the table; removed at the end")
	flag.StringVar(&c.clerk, "clerk", "",
		"run as the clerk with this name; only this program uses this flag and the following ones")
	flag.IntVar(&c.sells, "sells", 0, "how many apples the clerk sells")
	flag.BoolVar(&c.hangs, "hangs", false, "whether the clerk hangs before it writes")
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
