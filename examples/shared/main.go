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

// A job is work that runs under a lock, again and again.
type job struct {
	author string
	lock   string
	mode   wsclient.Mode
	takes  time.Duration // how long it holds the lock
	rests  time.Duration // how long it pauses before the next request
}

var jobs = []job{
	// One job is long and the other short, so update_something often waits for create_user.
	{author: "create_user", lock: "test-lock-1", takes: 20 * time.Second},
	{author: "update_something", lock: "test-lock-1", takes: time.Second, rests: time.Second},
	// This job has no competitor.
	{author: "check_other_resource", lock: "test-lock-2", takes: 5 * time.Second},
	// Two readers share the lock; the writer needs it exclusively.
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

// run runs all jobs at the same time, until Ctrl-C or until the limit has passed. A limit of 0 means no limit.
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
		return nil // Ctrl-C, or the limit has passed
	}
	return errors.Join(failed...)
}

// repeat runs the job again and again until an error, which it returns.
func (j job) repeat(ctx context.Context, client *wsclient.Client) error {
	options := &wsclient.AcquireOptions{Author: j.author, Mode: j.mode}
	for {
		fmt.Printf("%s: requests %s\n", j.author, j.lock)
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

// pause stands for work. It ends early if ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
