package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
)

// watchCmd is the command "watch".
type watchCmd struct {
	target
	coloring
	JSON    bool   `name:"json" help:"Print each change as a JSON object on a line of its own, as in the protocol."`
	Pattern string `arg:"" optional:"" complete:"pattern" help:"Follow only locks whose name matches this glob, as for info; quote it for the shell."`
}

// Help is shown below the flags.
func (watchCmd) Help() string {
	return `What happens at the locks, as it happens, until Ctrl-C:

    $ brokerctl watch 'orders/*'
    queued    orders/42: @reports, #k3v9x2mq--2
    released  orders/42: @billing, #k3v9x2mq--0, after 0:00:14.379000
    granted   orders/42: @reports, #k3v9x2mq--2

A message on stderr says where changes were missed.`
}

// Validate refuses a pattern that is no glob before anybody is asked.
func (c *watchCmd) Validate() error { return checkPattern(c.Pattern) }

// Run prints changes.
func (c *watchCmd) Run(app *kong.Kong) error {
	ctx, stop := untilTold()
	defer stop()
	client, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	begun := false
	for view, err := range client.Watch(ctx, c.Pattern) {
		switch {
		case errors.Is(err, context.Canceled) && ctx.Err() != nil:
			return nil
		case err != nil:
			return lostBroker(err)
		case view.Change != nil:
			if err := c.print(app.Stdout, view.Change); err != nil {
				return err
			}
		case begun:
			_, _ = fmt.Fprintln(app.Stderr, "brokerctl: too much happened at once: some changes are not shown")
		}
		begun = true
	}
	return nil
}

func (c *watchCmd) print(out io.Writer, change *wire.Change) error {
	if c.JSON {
		object, err := json.Marshal(change)
		if err == nil {
			_, err = out.Write(append(object, '\n'))
		}
		return err
	}
	line := listing.Form{Palette: c.palette(out)}.Change(change)
	_, err := fmt.Fprintln(out, line.Style.Styled(line.Text))
	return err
}
