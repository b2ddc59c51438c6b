package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/live"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// infoCmd is the command "info".
type infoCmd struct {
	target
	coloring
	Empty    bool          `short:"e" help:"List also locks that were used and are now free."`
	Output   string        `short:"o" enum:"text,json,wide" default:"text" help:"Form: text; wide (all that is known of each request, and limits that differ); or json (an object for each lock, on a line of its own, as in the protocol)."`
	JSON     bool          `name:"json" help:"The same as -o json."`
	Sort     listing.Order `default:"use" placeholder:"ORDER" help:"Order: use (in which the names came into use), name, age (of the first holder, the oldest first) or waiters (the most first)."`
	Watch    bool          `short:"w" help:"List again and again, in place, until Ctrl-C."`
	Interval time.Duration `short:"i" default:"1s" help:"How long to pause between two listings."`
	Pattern  string        `arg:"" optional:"" complete:"pattern" help:"List only locks whose name matches this glob: * stays within a slash, ** does not; quote it for the shell."`
}

// Help is shown below the flags.
func (infoCmd) Help() string {
	return `Locks are listed each with its holders (*) and below them its waiters, first come first:

    $ brokerctl info 'orders/*'
    orders/42:
    * @billing, #k3v9x2mq--0, duration: 0:00:14.379000
      @reports, #k3v9x2mq--2, duration: 0:00:05.375000
      ... and 23 more

    $ brokerctl info --watch --sort waiters

The duration is how long it has been held, or waited for. Of each lock the first 100 holders and the first 100 waiters are listed. (gone) marks a holder whose connection has ended and whose lock is not yet given to others. A name or an author with characters that cannot be printed is shown in quotes, as a string of Go. While the broker grants nothing to anyone, a line on stderr says so, and why.

With --watch the arrow keys, PgUp, PgDn, Home and End move through what does not fit, and q quits; where there is no terminal the listings follow each other, each below the time. For very many locks there is "top".`
}

// Validate refuses what goes together with nothing. How long a pattern may be is for
// the broker to say.
func (c *infoCmd) Validate() error {
	switch {
	case c.Watch && c.isJSON():
		return errors.New("--watch: not as json; changes as json are what brokerctl watch --json prints")
	case c.JSON && c.Output == "wide":
		return errors.New("--json and -o wide cannot go together")
	case c.Interval < 100*time.Millisecond:
		return errors.New("--interval: want 100ms or more")
	}
	return checkPattern(c.Pattern)
}

func (c *infoCmd) isJSON() bool { return c.JSON || c.Output == "json" }

func checkPattern(pattern string) error {
	if pattern == "" {
		return nil
	}
	limits := wire.DefaultLimits()
	limits.NameBytes = math.MaxInt
	if err := wire.Check(&wire.Info{Match: wire.Some(pattern)}, limits); err != nil {
		return fmt.Errorf("pattern %q: %w", pattern, err)
	}
	return nil
}

// Run prints the listing.
func (c *infoCmd) Run(app *kong.Kong) error {
	ctx, stop := untilTold()
	defer stop()
	terminal := c.Watch && screen.Terminal(os.Stdin) != nil && screen.Terminal(app.Stdout) != nil
	client, err := c.dialWith(ctx, wsclient.Options{NoReconnect: !terminal})
	if err != nil {
		return err
	}
	defer client.Close()
	switch {
	case terminal:
		return live.Run(ctx, c.show(client, app.Stdout), os.Stdin, app.Stdout)
	case c.Watch:
		return c.repeat(ctx, client, app)
	}
	return c.print(ctx, client, app)
}

// print writes one listing. What has come before an error is of use, and the exit
// code tells that it is not all. That nothing is granted is for people: programs read
// the listing to the letter.
func (c *infoCmd) print(ctx context.Context, client *wsclient.Client, app *kong.Kong) error {
	if why := pause(client); why != "" {
		_, _ = fmt.Fprintln(app.Stderr, "brokerctl:", why)
	}
	out := bufio.NewWriter(app.Stdout)
	form := c.form(app.Stdout)
	var text []byte
	var failed error
	for lock, err := range c.Sort.Of(client.Info(ctx, c.query())) {
		if err != nil {
			failed = c.failure(err)
			break
		}
		if text, err = c.append(text[:0], form, lock); err != nil {
			return err
		}
		if _, err := out.Write(text); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return failed
}

func (c *infoCmd) query() *wsclient.InfoOptions {
	return &wsclient.InfoOptions{Match: c.Pattern, Empty: c.Empty}
}

func (c *infoCmd) form(out io.Writer) listing.Form {
	return listing.Form{Palette: c.palette(out), Wide: c.Output == "wide"}
}

// append appends a lock in the form that was asked for.
func (c *infoCmd) append(text []byte, form listing.Form, lock wire.LockInfo) ([]byte, error) {
	if !c.isJSON() {
		return form.AppendLock(text, lock), nil
	}
	object, err := json.Marshal(lock)
	return append(append(text, object...), '\n'), err
}

// repeat writes listings until ctx ends.
func (c *infoCmd) repeat(ctx context.Context, client *wsclient.Client, app *kong.Kong) error {
	for more := true; more; more = cli.Pause(ctx, c.Interval) {
		if _, err := fmt.Fprintf(app.Stdout, "%s\n\n", time.Now().Format(time.DateTime)); err != nil {
			return err
		}
		if err := c.print(ctx, client, app); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// show makes listings for the terminal.
func (c *infoCmd) show(client *wsclient.Client, out io.Writer) live.Show {
	form := c.form(out)
	return live.Show{Pause: c.Interval, Palette: form.Palette, Frame: func(ctx context.Context) live.Frame {
		if client.State() == wsclient.Connecting {
			return live.Frame{Err: errors.New("no connection to the broker; trying again")}
		}
		return c.frame(ctx, client, form)
	}}
}

func (c *infoCmd) frame(ctx context.Context, client *wsclient.Client, form listing.Form) live.Frame {
	frame := live.Frame{}
	locks, waiting := 0, 0
	for lock, err := range c.Sort.Of(client.Info(ctx, c.query())) {
		if err != nil {
			return live.Frame{Err: err}
		}
		locks++
		waiting += lock.Waiting
		frame.Lines = append(frame.Lines, form.Lock(lock)...)
	}
	what := "all locks"
	if c.Pattern != "" {
		what = printable.Text(c.Pattern)
	}
	frame.Title = fmt.Sprintf("%s  %s at %s: %d locks, %d waiting", time.Now().Format(time.TimeOnly), what, c.shown(), locks, waiting)
	if why := pause(client); why != "" {
		frame.Title += "; " + why
	}
	return frame
}

// failure says how the command ends because of err.
func (c *infoCmd) failure(err error) error {
	if errors.Is(err, wsclient.ErrConnection) {
		return &cli.Failure{Err: err, Hint: "what is listed is not all; ask again", Code: cli.ExitUnavailable}
	}
	return lostBroker(err)
}
