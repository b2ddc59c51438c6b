package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A program needs one client, which all its goroutines share.
func ExampleDial() {
	broker := startBroker() // your program uses a brokerd, for example at ws://127.0.0.1:27002
	defer broker.Close()

	client, err := wsclient.Dial(context.Background(), broker.URL, &wsclient.Options{
		Label:  "billing",        // listings show it
		Author: "create_invoice", // the default for each request
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	fmt.Println(client.State())
	// Output: connected
}

// The function runs only after the lock was granted. Its context ends when the lock is released or lost.
func ExampleClient_WithLock() {
	broker := startBroker()
	defer broker.Close()
	client := broker.Dial()

	stock := 3
	sell := func(ctx context.Context) error {
		if stock == 0 {
			return errors.New("sold out")
		}
		stock--
		return ctx.Err() // not nil if the lock was lost
	}
	for range 4 {
		if err := client.WithLock(context.Background(), "stock/42", nil, sell); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(stock, "left")
	// Output:
	// sold out
	// 0 left
}

// If a call requests a lock that an enclosing call already holds, it gets the lock at once.
func ExampleClient_WithLock_nested() {
	broker := startBroker()
	defer broker.Close()
	client := broker.Dial()

	save := func(ctx context.Context) error {
		return client.WithLock(ctx, "orders/42", nil, func(context.Context) error {
			fmt.Println("saved")
			return nil
		})
	}
	// The inner call finds the outer lock in ctx. With another context, it would wait for itself.
	err := client.WithLock(context.Background(), "orders/42", nil, func(ctx context.Context) error {
		fmt.Println("changed")
		return save(ctx)
	})
	fmt.Println(err)
	// Output:
	// changed
	// saved
	// <nil>
}

// Acquire returns the lock, which can outlive the function that acquired it. Release it when the work is done.
func ExampleClient_Acquire() {
	broker := startBroker()
	defer broker.Close()
	client := broker.Dial()

	lock, err := client.Acquire(context.Background(), "orders/42", &wsclient.AcquireOptions{
		Author: "pack",           // listings show it
		Wait:   10 * time.Second, // after that the error is ErrTimeout, which says who holds the lock
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Pass lock.Token() with each write, and stop when the context of the lock ends.
	ctx := lock.Context()
	fmt.Println("held:", ctx.Err() == nil && lock.Token() > 0)

	fmt.Println(lock.Release()) // nil if the lock was held until now
	fmt.Println(context.Cause(ctx))
	// Output:
	// held: true
	// <nil>
	// lock was released
}

// TryAcquire returns at once. Its error says who holds the lock.
func ExampleClient_TryAcquire() {
	broker := startBroker()
	defer broker.Close()
	ctx := context.Background()
	nightly, manual := broker.Dial(), broker.Dial()

	lock, err := nightly.TryAcquire(ctx, "backup", &wsclient.AcquireOptions{Author: "nightly"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = manual.TryAcquire(ctx, "backup", &wsclient.AcquireOptions{Author: "manual"})
	var refused *wsclient.Error
	if errors.Is(err, wsclient.ErrUnavailable) && errors.As(err, &refused) {
		fmt.Println("in use by", refused.Holders[0].Author)
	}

	if err := lock.Release(); err != nil {
		fmt.Println(err) // the lock was already lost
	}
	// Output: in use by nightly
}

// A shared lock with a Limit is a counting semaphore: here two downloads may run at a time.
func ExampleAcquireOptions_semaphore() {
	broker := startBroker()
	defer broker.Close()
	ctx := context.Background()
	client := broker.Dial()

	slot := &wsclient.AcquireOptions{Mode: wsclient.Shared, Limit: 2}
	first, err := client.Acquire(ctx, "downloads", slot)
	if err != nil {
		fmt.Println(err)
		return
	}
	second, err := client.Acquire(ctx, "downloads", slot)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.TryAcquire(ctx, "downloads", slot)
	fmt.Println("third while two run:", errors.Is(err, wsclient.ErrUnavailable))

	_ = first.Release()
	third, err := client.TryAcquire(ctx, "downloads", slot)
	fmt.Println("third after one has ended:", err)

	_, _ = second.Release(), third.Release()
	// Output:
	// third while two run: true
	// third after one has ended: <nil>
}

// Several locks are granted together or not at all. So two transfers in opposite directions cannot deadlock.
func ExampleAcquireOptions_several() {
	broker := startBroker()
	defer broker.Close()
	ctx := context.Background()
	client := broker.Dial()

	balance := map[string]int{"accounts/anna": 100, "accounts/ben": 100}
	transfer := func(from, to string, amount int) error {
		also := &wsclient.AcquireOptions{Also: []wsclient.LockSpec{{Name: to}}}
		return client.WithLock(ctx, from, also, func(context.Context) error {
			balance[from] -= amount
			balance[to] += amount
			return nil
		})
	}

	back := make(chan error)
	go func() { back <- transfer("accounts/ben", "accounts/anna", 30) }()
	fmt.Println(transfer("accounts/anna", "accounts/ben", 10), <-back)
	fmt.Println(balance)
	// Output:
	// <nil> <nil>
	// map[accounts/anna:120 accounts/ben:80]
}

// Watch yields a view of all matching locks, and then another one after each change.
func ExampleClient_Watch() {
	broker := startBroker()
	defer broker.Close()
	client, worker := broker.Dial(), broker.Dial()

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	for view, err := range client.Watch(ctx, "orders/**") {
		if err != nil {
			fmt.Println(err)
			return
		}
		switch locks := view.Locks(); {
		case view.Change == nil: // the first view
			fmt.Println(len(locks), "locks in use")
			pack := &wsclient.AcquireOptions{Author: "pack"}
			go func() { _, _ = worker.Acquire(ctx, "orders/42", pack) }()
		case len(locks) == 1:
			fmt.Println(locks[0].Name, "is held by", locks[0].Holders[0].Author)
			return // leaving the loop ends the watch
		}
	}
	// Output:
	// 0 locks in use
	// orders/42 is held by pack
}
