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
	What string `arg:"" complete:"waiter" help:"The id of a request, as in the listing, or the name of a lock, which stands for its first waiter."`

	isRequest bool // the argument is the id of a request
}

// Help returns the text that --help shows above the flags.
func (whyCmd) Help() string {
	return `Prints the chain of requests that are in the way, one per line. The last blocker waits for nobody:

    $ brokerctl why k3v9x2mq--4
    create_user (k3v9x2mq--4) waits for b, held by report (abcd1234--1)
    report (abcd1234--2) waits for a, held by cleanup (abcd1234--0)

An id may have the # of the listing, if it is quoted for the shell: '#k3v9x2mq--4'. A request without an author has
the label of its client. The request on each line is the blocker from the line before, or is nested inside it.
"Behind" instead of "held by" names a blocker that waits in the same queue. If several requests hold a lock, the line
names up to 8 of them. If the requests for one of these locks have different limits, a line says so. The lowest limit
counts, and the difference is often a mistake. While the broker grants no locks to anyone, the last line says so and
gives the reason.`
}

// Run prints the chain.
func (c *whyCmd) Run(app *kong.Kong) error {
	ctx := context.Background()
	client, err := c.inspect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	chain, err := c.chain(ctx, client)
	if err != nil {
		return brokerFailure(err)
	}
	out := bufio.NewWriter(app.Stdout)
	for i := range chain {
		_, _ = fmt.Fprintln(out, wsclient.Explain(chain[i:i+1]))
	}
	if len(chain) == 0 {
		err = c.printUnblocked(ctx, client, out)
	}
	if err == nil {
		err = c.printLimits(ctx, client, chain, out)
	}
	if why := notGranting(client); why != "" {
		_, _ = fmt.Fprintln(out, why)
	}
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	return err
}

// printLimits prints which locks of the chain have requests with different limits, because that may be the
// reason for the wait. Without a chain it looks at the lock that the user named.
func (c *whyCmd) printLimits(ctx context.Context, client *wsclient.Client, chain []wire.Step, out io.Writer) error {
	var names []string
	if len(chain) == 0 && !c.isRequest {
		names = append(names, c.What)
	}
	for _, step := range chain {
		shares := step.Request.Mode == wire.Shared || step.Blocker.Mode == wire.Shared
		if shares && step.Lock != "" && !slices.Contains(names, step.Lock) {
			names = append(names, step.Lock)
		}
	}
	for _, name := range names {
		for lock, err := range client.Info(ctx, &wsclient.InfoOptions{Match: glob.Escape(name)}) {
			if err != nil {
				return brokerFailure(err)
			}
			if differ := listing.Limits(lock); differ != "" {
				_, _ = fmt.Fprintf(out, "%s: %s\n", printable.Text(name), differ)
			}
		}
	}
	return nil
}

// printUnblocked prints the state of a request or lock that has no blocker.
func (c *whyCmd) printUnblocked(ctx context.Context, client *wsclient.Client, out io.Writer) error {
	if c.isRequest {
		_, err := fmt.Fprintf(out, "nobody is in the way of %s\n", printable.Text(c.What))
		return err
	}
	options := &wsclient.InfoOptions{Match: glob.Escape(c.What), Empty: true, Queue: holdersNamed}
	for lock, err := range client.Info(ctx, options) {
		switch {
		case err != nil:
			return brokerFailure(err)
		case len(lock.Holders) == 0 && notGranting(client) != "": // "free" would be misleading.
			_, err = fmt.Fprintf(out, "%s is held by nobody\n", printable.Text(lock.Name))
		case len(lock.Holders) == 0:
			_, err = fmt.Fprintf(out, "%s is free\n", printable.Text(lock.Name))
		default:
			_, err = fmt.Fprintf(out, "%s is held by %s; nobody waits for it\n",
				printable.Text(lock.Name), holdersOf(lock))
		}
		return err
	}
	err := fmt.Errorf("no such request or lock: %s", printable.Text(c.What))
	return &cli.Failure{Err: err, Hint: "brokerctl info lists the locks and the ids of requests"}
}

// holdersNamed is how many holders of a lock holdersOf names.
const holdersNamed = 8

// holdersOf names the first holders of a lock, each with how long it has held, and the number of the others.
func holdersOf(lock wire.LockInfo) string {
	var names []string
	for _, holder := range lock.Holders[:min(len(lock.Holders), holdersNamed)] {
		names = append(names, listing.Named(holder)+" for "+listing.Age(holder.Duration()))
	}
	if more := lock.Holding - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// chain returns the chain of blockers. An argument in the form of an id names a request if there is such a request,
// and a lock otherwise.
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
