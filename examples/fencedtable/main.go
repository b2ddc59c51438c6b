//go:build unix

// Command fencedtable shows what a lock cannot do, and what a fencing token can.
//
// A clerk reads the number of apples and sells one. Just before it writes the new number, it is frozen: by a
// debugger, a full disk, or a virtual machine that is being moved. The broker must grant the lock to another clerk.
// Then the first clerk wakes up and continues where it stopped.
//
//	go run ./examples/fencedtable
//	go run ./examples/fencedtable --no-token
//
// The table has a trigger that refuses an update with a smaller token than the stored one. So the database itself
// refuses the late write. Without the trigger, the sale of the other clerk is lost.
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

	// A clerk is a second process of this program, with these flags:
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
		"run as the clerk with this name; only this program uses this flag and the following ones")
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
