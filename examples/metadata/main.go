// Command metadata shows how context values tell the work under a lock what it works on and for which
// user. The context of the function under a lock has the values of the context around it, so the
// innermost value counts. A lock that an enclosing call already holds is not asked for again.
//
//	go run ./cmd/brokerd
//	go run ./examples/metadata       (in a second terminal)
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A key has a type of its own, so that no other package can have the same key.
type key string

const (
	user key = "user"
	step key = "step"
)

func main() {
	url := flag.String("broker", "ws://127.0.0.1:27002", "`URL` of the broker")
	flag.Parse()
	if err := run(context.Background(), *url); err != nil {
		fmt.Fprintln(os.Stderr, "metadata:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string) error {
	client, err := wsclient.Dial(ctx, url, nil)
	if err != nil {
		return err
	}
	defer client.Close()

	ctx = context.WithValue(ctx, user, "alice")
	ctx = context.WithValue(ctx, step, "outer")
	return client.WithLock(ctx, "account", nil, func(ctx context.Context) error {
		say(ctx, "has account")
		ctx = context.WithValue(ctx, step, "inner")
		return client.WithLock(ctx, "ledger", nil, func(ctx context.Context) error {
			say(ctx, "has ledger too")
			return again(ctx, client)
		})
	})
}

// again is far away from the calls that hold the locks. It asks for a lock that is already held, and
// goes on at once.
func again(ctx context.Context, client *wsclient.Client) error {
	ctx = context.WithValue(ctx, step, "innermost")
	return client.WithLock(ctx, "account", nil, func(ctx context.Context) error {
		say(ctx, "has account still")
		return nil
	})
}

func say(ctx context.Context, what string) {
	fmt.Printf("%v, %v: %s\n", ctx.Value(user), ctx.Value(step), what)
}
