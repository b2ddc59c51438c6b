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
	colorFlag
	Pattern  string        `arg:"" optional:"" complete:"pattern" help:"Show only locks whose names match this glob; see brokerctl info --help."`
	Empty    bool          `short:"e" help:"Also show free locks."`
	Clients  bool          `help:"Show clients instead of locks at first; the key c switches."`
	Sort     top.Key       `default:"waiters" help:"Sort by waiters, name, holders, age, wait (of the first waiter) or grants (per second)."`
	Reverse  bool          `short:"r" help:"Reverse the order."`
	Interval time.Duration `short:"i" default:"2s" help:"Time between two readings of all locks, at least 100ms. Very many locks take longer."`
	Message  string        `short:"m" placeholder:"TEXT" help:"The reason for evictions, which the clients and the broker's log get."`
	Batch    bool          `short:"b" help:"Print frames instead of showing the view, for scripts. Needs no terminal."`
	Count    int           `short:"n" placeholder:"N" help:"With --batch: print N frames and exit. Default: print until a signal."`
	Rows     int           `placeholder:"N" help:"With --batch: print only the first N locks of each frame."`
}

// Help returns the text that --help shows above the flags.
func (topCmd) Help() string {
	return `A live full-screen view: who holds each lock, how many wait, for how long, and how often the lock is
granted.

    $ brokerctl top 'orders/**' --sort age
    $ brokerctl top --batch -n 2 --rows 10

Keys: the arrows, j, k, PgUp, PgDn, Home and End move. w h a o g n sort by waiters, holders, age, oldest waiter,
grants, name; r reverses the order. / filters by text in the name or the first holder, ignoring case. Enter shows the
queue of the selected lock and who is in the way. e evicts all holders of the lock, or, after Tab, the selected
request; it asks first. c shows the clients that are connected, with the columns of brokerctl clients; Enter then shows
the locks of the selected client. ? lists all keys; q quits.

top reads the locks again and again, in small pages. Reading 100,000 locks takes about six seconds and costs the
broker little. GRANTS/S is the rate of grants between the last two readings of a lock, so the first frame shows none.`
}

// Validate refuses values out of range and flags that contradict each other.
func (c *topCmd) Validate() error {
	switch limits := wire.DefaultLimits(); {
	case c.Interval < 100*time.Millisecond:
		return errors.New("--interval: want 100ms or more")
	case c.Count < 0:
		return errors.New("--count: want 1 or more")
	case c.Rows < 0:
		return errors.New("--rows: want 1 or more")
	case c.Batch && c.Clients:
		return errors.New("--clients cannot be combined with --batch; brokerctl clients lists clients")
	case !c.Batch && (c.Count > 0 || c.Rows > 0):
		return errors.New("--count and --rows need --batch")
	case len(c.Message) > limits.AuthorBytes:
		return fmt.Errorf("--message: want at most %d bytes", limits.AuthorBytes)
	}
	return checkPattern(c.Pattern)
}

// Run shows the view, or prints it.
func (c *topCmd) Run(app *kong.Kong) error {
	ctx, stop := signalContext()
	defer stop()
	options := top.Options{
		Broker: c.hostPort(), Match: c.Pattern, Empty: c.Empty, Clients: c.Clients, Sort: c.Sort,
		Reverse: c.Reverse, Interval: c.Interval, Message: c.Message,
	}
	if c.Batch {
		return c.print(ctx, app, options)
	}
	return c.show(ctx, options)
}

func (c *topCmd) print(ctx context.Context, app *kong.Kong, options top.Options) error {
	client, err := c.inspect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	return brokerFailure(top.Batch(ctx, client, options, top.Printout{Frames: c.Count, Rows: c.Rows}, app.Stdout))
}

func (c *topCmd) show(ctx context.Context, options top.Options) error {
	if screen.Terminal(os.Stdin) == nil || screen.Terminal(os.Stdout) == nil {
		return &cli.Failure{
			Err:  errors.New("top needs a terminal"),
			Hint: "use --batch without a terminal",
			Code: cli.ExitUsage,
		}
	}
	options.Palette = screen.Monochrome() // The selection must be visible without colors.
	if c.isOn(os.Stdout) {
		options.Palette = screen.Colors()
	}
	link := top.NewLinkFeed()
	client, err := c.inspectWith(ctx, wsclient.Options{Trace: &wsclient.Trace{
		State: link.OnState, RenewalFailed: link.OnRenewalFailed,
	}})
	if err != nil {
		return err
	}
	defer client.Close()
	return brokerFailure(top.Run(ctx, client, link, options, os.Stdin, os.Stdout))
}
