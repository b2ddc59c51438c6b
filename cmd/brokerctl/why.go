package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// whyCmd is the command "why".
type whyCmd struct {
	target
	What string `arg:"" complete:"waiter" help:"A request, by its id as in the listing, or a lock, by its name: then it is asked for the first that waits for it."`

	isRequest bool // What has turned out to be one
}

// Help is shown below the flags.
func (whyCmd) Help() string {
	return `The chain of those who are in the way, one a line, down to one that waits for nobody:

    $ brokerctl why k3v9x2mq--4
    create_user (k3v9x2mq--4) waits for b, held by report (abcd1234--1)
    report (abcd1234--2) waits for a, held by cleanup (abcd1234--0)

Each line's request is the one in the way in the line before, or waits inside it. "Behind", instead of "held by", names one who waits too, for the same lock. Where different limits are asked for at one of these locks, a line says so: the least counts, and often it is a mistake. While the broker grants nothing to anyone the last line says so, and why.`
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
		err = c.unhindered(ctx, client, out)
	}
	if err == nil {
		err = c.differing(ctx, client, chain, out)
	}
	if why := pause(client); why != "" {
		_, _ = fmt.Fprintln(out, why)
	}
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	return err
}

// differing says at which locks of the chain limits are asked for that differ: that may be the very reason. Where
// nobody is in the way it looks at the lock that was asked about.
func (c *whyCmd) differing(ctx context.Context, client *wsclient.Client, chain []wire.Step, out io.Writer) error {
	var names []string
	if len(chain) == 0 && !c.isRequest {
		names = append(names, c.What)
	}
	for _, step := range chain {
		shares := step.Request.Mode == wire.Shared || step.Blocker.Mode == wire.Shared
		if shares && !slices.Contains(names, step.Lock) {
			names = append(names, step.Lock)
		}
	}
	for _, name := range names {
		for lock, err := range client.Info(ctx, &wsclient.InfoOptions{Match: glob.Escape(name)}) {
			if err != nil {
				return lostBroker(err)
			}
			if differ := listing.Limits(lock); differ != "" {
				_, _ = fmt.Fprintf(out, "%s: %s\n", printable.Text(name), differ)
			}
		}
	}
	return nil
}

// unhindered says how it stands with a request, or a lock, in whose way nobody is.
func (c *whyCmd) unhindered(ctx context.Context, client *wsclient.Client, out io.Writer) error {
	if c.isRequest {
		_, err := fmt.Fprintf(out, "nobody is in the way of %s\n", printable.Text(c.What))
		return err
	}
	for lock, err := range client.Info(ctx, &wsclient.InfoOptions{Match: glob.Escape(c.What), Empty: true, Queue: 1}) {
		switch {
		case err != nil:
			return lostBroker(err)
		case len(lock.Holders) == 0 && pause(client) != "": // so it cannot be had
			_, err = fmt.Fprintf(out, "%s is held by nobody\n", printable.Text(lock.Name))
		case len(lock.Holders) == 0:
			_, err = fmt.Fprintf(out, "%s is free\n", printable.Text(lock.Name))
		default:
			first := lock.Holders[0]
			_, err = fmt.Fprintf(out, "%s is held by %s for %s; nobody waits for it\n", printable.Text(lock.Name), listing.AppendWho(nil, first), listing.Short(first.Duration()))
		}
		return err
	}
	return &cli.Failure{Err: fmt.Errorf("no such request, nor a lock of that name: %s", printable.Text(c.What)), Hint: "brokerctl info lists the locks, and the ids of requests"}
}

// chain takes what looks like the id of a request for one, unless there is none.
func (c *whyCmd) chain(ctx context.Context, client *wsclient.Client) ([]wire.Step, error) {
	if id := wire.ParseID(strings.TrimPrefix(c.What, "#")); id.Valid() {
		chain, err := client.Why(ctx, id)
		if !errors.Is(err, wsclient.ErrNotFound) {
			c.isRequest = true
			return chain, err
		}
	}
	return client.WhyLock(ctx, c.What)
}
