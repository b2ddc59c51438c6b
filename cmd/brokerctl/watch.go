package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
)

// watchCmd is the command "watch".
type watchCmd struct {
	target
	colorFlag
	JSON    bool   `name:"json" help:"Print each change as a JSON object on its own line, as in the protocol, with the time of its arrival (RFC 3339)."`
	Pattern string `arg:"" optional:"" complete:"pattern" help:"Show only changes of locks whose names match this glob; see brokerctl info --help."`
}

// Help returns the text that --help shows above the flags.
func (watchCmd) Help() string {
	return `Prints a line for each change of a lock as it happens, until Ctrl-C:

    $ brokerctl watch 'orders/*'
    2026-11-28 09:15:02.118  queued    orders/42: reports (k3v9x2mq--2)
    2026-11-28 09:15:07.493  released  orders/42: billing (k3v9x2mq--0), after 14.3s
    2026-11-28 09:15:07.493  granted   orders/42: reports (k3v9x2mq--2)

A line has the local time at which brokerctl heard of the change, and the author of the request, or else the label of
its client. The duration is how long the request held the lock, or waited. If the broker drops changes because there are too many, a line on stderr says so.`
}

// Validate refuses an invalid pattern.
func (c *watchCmd) Validate() error { return checkPattern(c.Pattern) }

// Run prints changes until a signal.
func (c *watchCmd) Run(app *kong.Kong) error {
	ctx, stop := signalContext()
	defer stop()
	client, err := c.inspect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	started := false
	for view, err := range client.Watch(ctx, c.Pattern) {
		switch {
		case errors.Is(err, context.Canceled) && ctx.Err() != nil:
			return nil
		case err != nil:
			return brokerFailure(err)
		case view.Change != nil:
			if err := c.print(app.Stdout, time.Now(), view.Change); err != nil {
				return err
			}
		case started:
			_, _ = fmt.Fprintln(app.Stderr, "brokerctl: too many changes at once: some are not shown")
		}
		started = true
	}
	return nil
}

// A timedChange is a change as --json prints it.
type timedChange struct {
	Time time.Time `json:"time"`
	*wire.Change
}

func (c *watchCmd) print(out io.Writer, at time.Time, change *wire.Change) error {
	if c.JSON {
		object, err := json.Marshal(timedChange{at, change})
		if err == nil {
			_, err = out.Write(append(object, '\n'))
		}
		return err
	}
	line := listing.Format{Palette: c.palette(out)}.Change(at, change)
	_, err := fmt.Fprintln(out, line.Style.Styled(line.Text))
	return err
}
