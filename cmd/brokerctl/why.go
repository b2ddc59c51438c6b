package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// whyCmd is the command "why".
type whyCmd struct {
	target
	What string `arg:"" complete:"waiter" help:"A request, by its id as in the listing, or a lock, by its name: then it is asked for the first that waits for it."`
}

// Help is shown below the flags.
func (whyCmd) Help() string {
	return `The chain of those who are in the way, one a line, down to one that waits for nobody:

    $ brokerctl why k3v9x2mq--4
    create_user (k3v9x2mq--4) waits for b, held by report (abcd1234--1)
    report (abcd1234--2) waits for a, held by cleanup (abcd1234--0)

"Behind", instead of "held by", names one who waits too, for the same lock.`
}

// Run prints the chain.
func (c *whyCmd) Run(app *kong.Kong) error {
	ctx := context.Background()
	client, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	chain, err := c.chain(ctx, client)
	if err != nil {
		return lostBroker(err)
	}
	out := bufio.NewWriter(app.Stdout)
	for i := range chain {
		_, _ = fmt.Fprintln(out, wsclient.Explain(chain[i:i+1]))
	}
	if len(chain) == 0 {
		_, _ = fmt.Fprintf(out, "nobody is in the way of %s\n", wire.Printable(c.What))
	}
	return out.Flush()
}

// chain takes what looks like the id of a request for one, unless there is none.
func (c *whyCmd) chain(ctx context.Context, client *wsclient.Client) ([]wire.Step, error) {
	if wire.ParseID(c.What).Valid() {
		chain, err := client.Why(ctx, c.What)
		if !errors.Is(err, wsclient.ErrNotFound) {
			return chain, err
		}
	}
	return client.WhyLock(ctx, c.What)
}
