// Command counter proves that locks exclude. Its processes each add 1 to a number in a file, many times: they read
// the number, do some work, and write it back. Under a lock no addition is lost. Without a lock, most additions are
// lost.
//
//	go run ./examples/counter
//	go run ./examples/counter --no-lock
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
	broker    string
	processes int
	times     int
	noLock    bool
	resume    bool
	file      string
	worker    bool
}

func main() {
	var c config
	flag.StringVar(&c.broker, "broker", "",
		"`URL` of a broker, or several with commas; empty: start one in this process")
	flag.IntVar(&c.processes, "processes", 8, "how many processes add")
	flag.IntVar(&c.times, "times", 500, "how many times each of them adds 1")
	flag.BoolVar(&c.noLock, "no-lock", false, "do not lock, to see what is lost")
	flag.BoolVar(&c.resume, "resume", false, "keep the locks while there is no connection, even after a crash")
	file := filepath.Join(os.TempDir(), fmt.Sprintf("counter-%d", os.Getpid()))
	flag.StringVar(&c.file, "file", file, "file of the number; removed at the end")
	flag.BoolVar(&c.worker, "worker", false, "be one of the processes; for this program's own use")
	flag.Parse()

	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, "counter:", err)
		os.Exit(1)
	}
}

func (c config) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if c.worker {
		return c.work(ctx)
	}
	return c.parent(ctx)
}
