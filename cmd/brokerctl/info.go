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
	colorFlag
	Empty    bool          `short:"e" help:"Also list free locks that the broker remembers."`
	Output   string        `short:"o" enum:"auto,columns,text,wide,json" default:"auto" help:"Format: columns (for people), text (the listing, for programs), wide (the listing with all details of each request, and limits that differ), json (one object per lock and line, as in the protocol), or auto: columns on a terminal, and text elsewhere."`
	JSON     bool          `name:"json" help:"Same as -o json."`
	Sort     listing.Order `default:"use" placeholder:"ORDER" help:"Order: use (oldest use of the name first), name, age (longest held first) or waiters (most first)."`
	Watch    bool          `short:"w" help:"Refresh the listing until Ctrl-C."`
	Interval time.Duration `short:"i" default:"1s" help:"With --watch: pause between two listings, at least 100ms."`
	Pattern  string        `arg:"" optional:"" complete:"pattern" help:"List only locks whose names match this glob: * does not cross a slash, ** does. Quote it for the shell."`
}

// Help returns the text that --help shows above the flags.
func (infoCmd) Help() string {
	return `Lists each lock with its holders (*) and its waiters, in the order of the queue. On a terminal, a line
has the id of a request, how long it has held the lock or waited, and its author, or else the label of its client:

    $ brokerctl info 'orders/*'
    orders/42:
    * k3v9x2mq--0      14.3s  billing
      k3v9x2mq--2       5.3s  reports
      ... and 23 more

    $ brokerctl info --watch --sort waiters

A terminal of 110 columns or more also shows the mode and the client, and one of 160 columns the address. Names that do
not fit are cut in the middle. Below 50 columns the ids are left out.

Elsewhere, as in a pipe, info prints the listing, which programs can parse. Its form does not change:

    $ brokerctl info 'orders/*' | cat
    orders/42:
    * @billing, #k3v9x2mq--0, duration: 0:00:14.379000
      @reports, #k3v9x2mq--2, duration: 0:00:05.375000
      ... and 23 more

A request without an author has no @ there; -o wide shows its client. At most 100 holders and 100 waiters of a lock are
listed. (gone) marks a holder whose connection has ended and whose locks are not granted to others yet. Names and
authors that are not printable are quoted as in Go. While the broker grants no locks to anyone, a line on stderr says
so and gives the reason. If several brokers share a record, a line on stderr names the owner, which serves you, and the
number of its term.

With --watch, the arrow keys, PgUp, PgDn, Home and End scroll, and q quits. Without a terminal, --watch prints one
listing after another, each with the time above it. For very many locks, use brokerctl top.`
}

// Validate refuses flags that contradict each other. It does not check the length of the pattern, because only the
// broker knows its limit.
func (c *infoCmd) Validate() error {
	switch {
	case c.Watch && c.isJSON():
		return errors.New("--watch cannot be combined with json; brokerctl watch --json prints changes as json")
	case c.JSON && c.Output != "auto" && c.Output != "json":
		return fmt.Errorf("--json and -o %s cannot be combined", c.Output)
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
	ctx := context.Background() // Without --watch, a signal ends the command at once.
	if c.Watch {
		var stop context.CancelFunc
		ctx, stop = signalContext()
		defer stop()
	}
	terminal := c.Watch && screen.Terminal(os.Stdin) != nil && screen.Terminal(app.Stdout) != nil
	client, err := c.inspectWith(ctx, wsclient.Options{NoReconnect: !terminal})
	if err != nil {
		return err
	}
	defer client.Close()
	if terminal {
		return live.Run(ctx, c.show(client, app.Stdout), os.Stdin, app.Stdout)
	}
	if owner := ownerOf(client); owner != "" {
		_, _ = fmt.Fprintln(app.Stderr, "brokerctl:", owner)
	}
	if c.Watch {
		return c.repeat(ctx, client, app)
	}
	return c.print(ctx, client, app)
}

// print prints one listing. After an error it prints the locks that it has read, and the exit code says that the
// listing is incomplete. If the broker grants nothing, a line on stderr says so: programs parse the listing on
// stdout.
func (c *infoCmd) print(ctx context.Context, client *wsclient.Client, app *kong.Kong) error {
	if why := notGranting(client); why != "" {
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

// A form formats a lock as lines.
type form func(wire.LockInfo) []listing.Line

// form returns the requested form for output to out, which may be a terminal.
func (c *infoCmd) form(out io.Writer) form {
	if c.Output != "columns" && (c.Output != "auto" || screen.Terminal(out) == nil) {
		return listing.Format{Palette: c.palette(out), Wide: c.Output == "wide"}.Lock
	}
	return listing.Columns{Palette: c.palette(out), Width: screen.WidthOf(out, pipeWidth)}.Lock
}

// pipeWidth is the width of columns in a pipe: all columns, and names that are rarely cut.
const pipeWidth = 200

// append appends a lock in the requested format.
func (c *infoCmd) append(text []byte, form form, lock wire.LockInfo) ([]byte, error) {
	if !c.isJSON() {
		return listing.AppendLines(text, form(lock)), nil
	}
	object, err := json.Marshal(lock)
	return append(append(text, object...), '\n'), err
}

// repeat prints listings until ctx ends.
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

// show returns the frames of the live view.
func (c *infoCmd) show(client *wsclient.Client, out io.Writer) live.Show {
	return live.Show{Pause: c.Interval, Palette: c.palette(out), Frame: func(ctx context.Context) live.Frame {
		if client.State() == wsclient.Connecting {
			return live.Frame{Err: errors.New("no connection to the broker; trying again")}
		}
		return c.frame(ctx, client, c.form(out)) // The width of the terminal may have changed.
	}}
}

func (c *infoCmd) frame(ctx context.Context, client *wsclient.Client, form form) live.Frame {
	frame := live.Frame{}
	locks, waiting := 0, 0
	for lock, err := range c.Sort.Of(client.Info(ctx, c.query())) {
		if err != nil {
			return live.Frame{Err: err}
		}
		locks++
		waiting += lock.Waiting
		frame.Lines = append(frame.Lines, form(lock)...)
	}
	what := "all locks"
	if c.Pattern != "" {
		what = printable.Text(c.Pattern)
	}
	frame.Title = fmt.Sprintf("%s  %s at %s: %d locks, %d waiting", time.Now().Format(time.TimeOnly), what,
		c.hostPort(), locks, waiting)
	for _, more := range []string{ownerOf(client), notGranting(client)} {
		if more != "" {
			frame.Title += "; " + more
		}
	}
	return frame
}

// failure adds the exit code and a hint to an error of the listing.
func (c *infoCmd) failure(err error) error {
	if errors.Is(err, wsclient.ErrConnection) {
		return &cli.Failure{Err: err, Hint: "the listing is incomplete; try again", Code: cli.ExitUnavailable}
	}
	return brokerFailure(err)
}
