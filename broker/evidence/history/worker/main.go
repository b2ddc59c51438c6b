// Command worker takes locks and gives them back until its standard input ends, and reports on its standard output what
// happens to its requests, in the form of package event. After the first byte of its input it holds only for a moment.
// Its only argument is a task as JSON. Package history runs it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A task says what the worker does. worker.mjs reads the same.
type task struct {
	URL         string         `json:"url"`
	Seed        uint64         `json:"seed"`
	Threads     int            `json:"threads"`      // how many requests it makes at once
	Choices     [][]event.Lock `json:"choices"`      // the locks of a request; one list is drawn at random
	LongChoices [][]event.Lock `json:"long_choices"` // the same for every third thread
	LongMS      int            `json:"long_ms"`      // how long these hold at most; a third of it at least
	GivenUp     []event.Lock   `json:"given_up"`     // the locks of the second thread, which gives up soon
	// Watch says that the threads look at the contexts of their locks alone. Each then has a client of its own,
	// because a client notices the end of its lease whenever it is asked for anything.
	Watch bool `json:"watch"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("want one argument, a task as JSON")
	}
	var t task
	if err := json.Unmarshal([]byte(os.Args[1]), &t); err != nil {
		return fmt.Errorf("read task: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	holding, hurry := context.WithCancel(ctx)
	go func() {
		defer stop()
		_, _ = os.Stdin.Read(make([]byte, 1))
		hurry()
		_, _ = io.Copy(io.Discard, os.Stdin) // until the end
	}()
	clients, err := dial(ctx, t)
	if ctx.Err() != nil {
		return nil // the broker was not there
	}
	if err != nil {
		return err
	}
	var threads sync.WaitGroup
	out := new(reporter)
	for i := range t.Threads {
		threads.Go(func() {
			th := newThread(t, i)
			th.client, th.out, th.hurry = clients[i%len(clients)], out, holding.Done()
			for ctx.Err() == nil {
				if i == 1 {
					th.giveUp(ctx, t.GivenUp)
				} else {
					th.request(ctx)
				}
				pause(ctx, th.upTo(rest))
			}
		})
	}
	threads.Wait()
	for _, c := range clients {
		err = errors.Join(err, c.Close())
	}
	return err
}

// dial returns a client for all threads, or one for each.
func dial(ctx context.Context, t task) ([]*wsclient.Client, error) {
	n := 1
	if t.Watch {
		n = t.Threads
		// All goroutines then wait for the same processor. So a thread that runs at its usual pace shows that
		// the timers of its client do, too.
		runtime.GOMAXPROCS(1)
	}
	var clients []*wsclient.Client
	for range n {
		c, err := wsclient.Dial(ctx, t.URL, &wsclient.Options{WaitForBroker: true})
		if err != nil {
			return nil, err
		}
		clients = append(clients, c)
	}
	return clients, nil
}
