package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A pool of workers, in any number of programs, handles each order once. The name of the order is in the name of the
// lock. A worker leaves out the orders that others handle at the moment, and those that have been handled.
func ExampleClient_TryWithLock_workers() {
	broker := startBroker()
	defer broker.Close()
	ctx := context.Background()

	handled := make([]int, 5) // in the database
	work := func(client *wsclient.Client) error {
		for order := range handled {
			name := fmt.Sprint("orders/", order)
			_, err := client.TryWithLock(ctx, name, nil, func(context.Context) error {
				if handled[order] == 0 {
					handled[order]++
				}
				return nil
			})
			if err != nil && !errors.Is(err, wsclient.ErrUnavailable) {
				return err
			}
		}
		return nil
	}
	var workers sync.WaitGroup
	for range 3 {
		client := broker.Dial()
		workers.Go(func() {
			if err := work(client); err != nil {
				fmt.Println(err)
			}
		})
	}
	workers.Wait()
	fmt.Println(handled)
	// Output: [1 1 1 1 1]
}
