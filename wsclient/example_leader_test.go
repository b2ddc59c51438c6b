package wsclient_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A leader holds one lock for as long as it can. Each candidate runs this loop: one of them leads, and the others wait.
// When the leader loses the lock, the next candidate becomes the leader, and the old leader becomes a candidate.
func ExampleClient_WithLock_leader() {
	broker := startBroker()
	defer broker.Close()
	client, operator := broker.Dial(), broker.Dial()

	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	terms := 0
	lead := func(ctx context.Context) error {
		terms++
		fmt.Println("term", terms, "begins")
		if terms == 2 {
			stop() // the program stops: ctx ends, lead returns, and the lock is released
		} else { // an operator evicts the leader
			lock, _ := wsclient.LockFrom(ctx)
			if err := operator.Evict(ctx, lock.ID(), "time for maintenance"); err != nil {
				return err
			}
		}
		<-ctx.Done() // a real leader works until then, and must stop when ctx ends
		return nil
	}

	for ctx.Err() == nil {
		err := client.WithLock(ctx, "leader/reports", nil, lead)
		var lost *wsclient.LostError
		if errors.As(err, &lost) {
			fmt.Printf("lost: %s (%s)\n", lost.Reason, lost.Message)
		}
	}
	fmt.Println("stopped")
	// Output:
	// term 1 begins
	// lost: evicted (time for maintenance)
	// term 2 begins
	// stopped
}
