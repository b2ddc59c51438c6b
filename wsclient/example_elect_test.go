package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A service that runs on several hosts, and must be active on one: each host calls Elect. When the leader loses the
// lock, the next candidate leads, and the old leader becomes a candidate.
func ExampleClient_Elect() {
	broker := startBroker()
	defer broker.Close()
	operator := broker.DialWith(&wsclient.Options{Label: "ops"})
	client := broker.DialWith(&wsclient.Options{Trace: &wsclient.Trace{
		Lost: func(r wsclient.RequestInfo, _ time.Duration, err error) {
			var lost *wsclient.LostError
			if errors.As(err, &lost) {
				fmt.Printf("%s lost: %s by %s (%s)\n", r.Locks[0], lost.Reason, lost.By, lost.Message)
			}
		},
	}})

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	terms := 0
	err := client.Elect(ctx, "leader/reports", nil, func(ctx context.Context) error {
		terms++
		fmt.Println("term", terms, "begins")
		if terms == 2 {
			stop() // the program stops
		} else { // an operator evicts the leader
			lock, _ := wsclient.LockFrom(ctx)
			if err := operator.Evict(ctx, lock.ID(), "time for maintenance"); err != nil {
				return err
			}
		}
		<-ctx.Done() // a real leader works until then, and must stop when ctx ends
		return nil
	})
	fmt.Println(err)
	// Output:
	// term 1 begins
	// leader/reports lost: evicted by ops (time for maintenance)
	// term 2 begins
	// context canceled
}
