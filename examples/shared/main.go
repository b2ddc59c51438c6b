// Command shared creates activity to look at with brokerctl. Several authors hold and wait for several locks, for
// long and short times, over one connection.
//
//	go run ./cmd/brokerd
//	go run ./examples/shared         (in a second terminal)
//	go run ./cmd/brokerctl info      (in a third)
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A job holds a lock again and again.
type job struct {
	author string
	lock   string
	mode   wsclient.Mode
	takes  time.Duration // how long it holds the lock
	rests  time.Duration // how long it pauses before the next request
}

var jobs = []job{
	// One holds test-lock-1 for long and the other for a short time, so one of them waits.
	{author: "create_user", lock: "test-lock-1", takes: 20 * time.Second},
	{author: "update_something", lock: "test-lock-1", takes: time.Second, rests: time.Second},
	// This job has no competitor.
	{author: "check_other_resource", lock: "test-lock-2", takes: 5 * time.Second},
	// The two readers hold it together; the writer must be alone.
	{author: "read_report", lock: "report", mode: wsclient.Shared, takes: 6 * time.Second, rests: time.Second},
	{author: "print_report", lock: "report", mode: wsclient.Shared, takes: 8 * time.Second, rests: time.Second},
	{author: "write_report", lock: "report", takes: 3 * time.Second, rests: 5 * time.Second},
}

func main() {
	url := flag.String("broker", "ws://127.0.0.1:27002", "`URL` of the broker")
	limit := flag.Duration("for", 0, "how long to run; 0: until Ctrl-C")
	flag.Parse()

	if err := run(*url, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "shared:", err)
		os.Exit(1)
	}
}

// run does all jobs at the same time, until Ctrl-C or until limit has passed; 0: no limit.
func run(url string, limit time.Duration) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	client, err := wsclient.Dial(ctx, url, nil)
	if err != nil {
		return err
	}
	defer client.Close()

	var running sync.WaitGroup
	failed := make([]error, len(jobs))
	for i, j := range jobs {
		running.Go(func() { failed[i] = j.repeat(ctx, client) })
	}
	running.Wait()
	if ctx.Err() != nil {
		return nil // Ctrl-C, or limit has passed
	}
	return errors.Join(failed...)
}

// repeat does the job over and over, until it fails or ctx ends, and returns why.
func (j job) repeat(ctx context.Context, client *wsclient.Client) error {
	options := &wsclient.AcquireOptions{Author: j.author, Mode: j.mode}
	for {
		fmt.Printf("%s: asks for %s\n", j.author, j.lock)
		err := client.WithLock(ctx, j.lock, options, func(ctx context.Context) error {
			fmt.Printf("%s: has %s, for %v\n", j.author, j.lock, j.takes)
			return pause(ctx, j.takes)
		})
		if err != nil {
			return err
		}
		if err := pause(ctx, j.rests); err != nil {
			return err
		}
	}
}

// pause stands for work that takes d and ends early when ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
