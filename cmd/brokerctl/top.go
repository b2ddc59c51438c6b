package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/top"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// topCmd is the command "top".
type topCmd struct {
	target
	coloring
	Pattern  string        `arg:"" optional:"" complete:"pattern" help:"Show only locks whose name matches this glob, as for info; quote it for the shell."`
	Empty    bool          `short:"e" help:"Show also locks that were used and are now free."`
	Sort     top.Key       `default:"waiters" help:"Sort by waiters, name, holders, age, wait (that of the first waiter) or grants (a second)."`
	Reverse  bool          `short:"r" help:"Turn the order round."`
	Interval time.Duration `short:"i" default:"2s" help:"From one reading of all locks to the next; very many take longer."`
	Message  string        `short:"m" placeholder:"TEXT" help:"Why, for those to read who are evicted, and for the log of the broker."`
	Batch    bool          `short:"b" help:"Print frames, for scripts, in place of the view; no terminal is needed."`
	Count    int           `short:"n" placeholder:"N" help:"Print N frames and end; without it until a signal. With --batch."`
	Rows     int           `placeholder:"N" help:"Print the first N locks only. With --batch."`
}

// Help is shown below the flags.
func (topCmd) Help() string {
	return `A view of the whole terminal that is always up to date: who holds which lock, how many wait, for how long, and how often it is granted.

    $ brokerctl top 'orders/**' --sort age
    $ brokerctl top --batch -n 2 --rows 10

Keys: arrows or j and k, PgUp, PgDn, Home, End; w h a o g n sort by waiters, holders, age, oldest waiter, grants, name; r reverses; / takes a filter, which is text that the name or the first holder contains, in any case; Enter shows the queue of the selected lock and who is in the way; e evicts all who hold it, and after Tab the one that is selected, once you have said y; ? lists all keys; q quits.

Locks are read in small pages, round and round: 100,000 take about six seconds, and cost the broker little. GRANTS/S is between the last two readings of that lock, so the first frame has none.`
}

// Validate refuses what cannot be shown.
func (c *topCmd) Validate() error {
	switch limits := wire.DefaultLimits(); {
	case c.Interval < 100*time.Millisecond:
		return errors.New("--interval: want 100ms or more")
	case c.Count < 0:
		return errors.New("--count: want 1 or more")
	case c.Rows < 0:
		return errors.New("--rows: want 1 or more")
	case !c.Batch && (c.Count > 0 || c.Rows > 0):
		return errors.New("--count and --rows go with --batch")
	case len(c.Message) > limits.AuthorBytes:
		return fmt.Errorf("--message: want at most %d bytes", limits.AuthorBytes)
	}
	return checkPattern(c.Pattern)
}

// Run shows the view, or prints it.
func (c *topCmd) Run(app *kong.Kong) error {
	ctx, stop := untilTold()
	defer stop()
	options := top.Options{
		Broker: c.shown(), Match: c.Pattern, Empty: c.Empty, Sort: c.Sort, Reverse: c.Reverse,
		Interval: c.Interval, Message: c.Message,
	}
	if c.Batch {
		return c.print(ctx, app, options)
	}
	return c.show(ctx, options)
}

func (c *topCmd) print(ctx context.Context, app *kong.Kong, options top.Options) error {
	client, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	return lostBroker(top.Batch(ctx, client, options, top.Printout{Frames: c.Count, Rows: c.Rows}, app.Stdout))
}

func (c *topCmd) show(ctx context.Context, options top.Options) error {
	if screen.Terminal(os.Stdin) == nil || screen.Terminal(os.Stdout) == nil {
		return &cli.Failure{Err: errors.New("top needs a terminal"), Hint: "say --batch where there is none", Code: cli.ExitUsage}
	}
	options.Palette = screen.Monochrome() // without that nobody sees what is selected
	if c.isOn(os.Stdout) {
		options.Palette = screen.Colours()
	}
	news := top.NewWire()
	client, err := c.dialWith(ctx, wsclient.Options{OnState: news.Tell})
	if err != nil {
		return err
	}
	defer client.Close()
	return lostBroker(top.Run(ctx, client, news, options, os.Stdin, os.Stdout))
}
