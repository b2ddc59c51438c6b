package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// TryWithLock calls the function only if nobody holds the lock. Otherwise the error says who does.
func ExampleClient_TryWithLock() {
	broker := startBroker()
	defer broker.Close()
	ctx := context.Background()
	nightly, manual := broker.Dial(), broker.Dial()

	backup := func(context.Context) error {
		fmt.Println("backing up")
		held, err := manual.TryWithLock(ctx, "backup", nil, func(context.Context) error {
			panic("not while the other one runs")
		})
		var refused *wsclient.Error
		if errors.Is(err, wsclient.ErrUnavailable) && errors.As(err, &refused) {
			fmt.Println("manual:", held, "in use by", refused.Holders[0].Author)
		}
		return nil
	}
	held, err := nightly.TryWithLock(ctx, "backup", &wsclient.AcquireOptions{Author: "nightly"}, backup)
	fmt.Println("nightly:", held, err)
	// Output:
	// backing up
	// manual: false in use by nightly
	// nightly: true <nil>
}

// A job that must run once a minute, on one of three hosts. It is shorter than the differences between their clocks.
// With MinHold, the first host keeps the others out although its job has finished.
func ExampleAcquireOptions_minHold() {
	broker := startBroker()
	defer broker.Close()
	ctx := context.Background()

	once := &wsclient.AcquireOptions{MinHold: 55 * time.Second}
	for host := range 3 { // in a real program, each host has this in a loop over time.Tick(time.Minute)
		client := broker.Dial()
		_, err := client.TryWithLock(ctx, "report", once, func(context.Context) error {
			fmt.Println("host", host, "runs the report")
			return nil
		})
		if errors.Is(err, wsclient.ErrUnavailable) {
			fmt.Println("host", host, "leaves it to another one")
		}
	}
	// Output:
	// host 0 runs the report
	// host 1 leaves it to another one
	// host 2 leaves it to another one
}

// A migration must run once before any program goes on. Each program takes the lock, and looks inside it whether the
// migration has run.
func ExampleClient_WithLock_migration() {
	broker := startBroker()
	defer broker.Close()
	ctx := context.Background()

	version := 6 // in the database
	migrate := func(ctx context.Context) error {
		if version < 7 {
			fmt.Println("migrating to version 7")
			version = 7
		}
		return ctx.Err() // not nil if the lock was lost
	}
	var programs sync.WaitGroup
	for range 3 {
		client := broker.Dial()
		programs.Go(func() {
			if err := client.WithLock(ctx, "migrations", nil, migrate); err != nil {
				fmt.Println(err)
			}
		})
	}
	programs.Wait()
	// Output: migrating to version 7
}

// Goroutines that get the context of a lock are inside the lock: calls for the same lock do not wait, and they fail
// after its release. With a detached context, each goroutine waits for its turn.
func ExampleDetach() {
	broker := startBroker()
	defer broker.Close()
	client := broker.Dial()

	sent := 0
	answer := func(ctx context.Context) error {
		return client.WithLock(ctx, "mailbox", nil, func(context.Context) error {
			sent++ // one at a time
			return nil
		})
	}
	var answers sync.WaitGroup
	err := client.WithLock(context.Background(), "mailbox", nil, func(ctx context.Context) error {
		later := wsclient.Detach(ctx) // still ends with the context of the caller
		for range 5 {
			answers.Go(func() {
				if err := answer(later); err != nil {
					fmt.Println(err)
				}
			})
		}
		return ctx.Err() // the function must not wait for the answers: they wait for its lock
	})
	answers.Wait()
	fmt.Println(sent, "answers sent;", err)
	// Output: 5 answers sent; <nil>
}

// A Trace reports what happens, for a log. The functions need no mutex: the calls come one after another.
func ExampleTrace() {
	broker := startBroker()
	defer broker.Close()
	grants := make(map[string]int)
	client := broker.DialWith(&wsclient.Options{Author: "billing", Trace: &wsclient.Trace{
		Granted: func(r wsclient.RequestInfo, waited time.Duration) {
			if waited > time.Minute {
				fmt.Println(r.ID, "has waited for", waited)
			}
			grants[r.Author]++
		},
		Failed: func(r wsclient.RequestInfo, _ time.Duration, err error) {
			fmt.Println(r.Locks, "not granted:", errors.Is(err, wsclient.ErrUnavailable))
		},
		DialFailed: func(attempt int, err error, next time.Duration) {
			fmt.Println("attempt", attempt, "failed:", err, "next in", next)
		},
	}})
	ctx := context.Background()
	for range 3 {
		_, _ = client.TryAcquire(ctx, "orders/42", nil)
	}
	_ = client.Close() // returns when all calls of the trace have been made
	fmt.Println(grants)
	// Output:
	// [orders/42] not granted: true
	// [orders/42] not granted: true
	// map[billing:1]
}
