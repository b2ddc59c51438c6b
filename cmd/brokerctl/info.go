package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// infoCmd is the command "info".
type infoCmd struct {
	target
	Empty   bool   `short:"e" help:"List also locks that were used and are now free."`
	JSON    bool   `name:"json" help:"Print each lock as a JSON object on a line of its own, as in the protocol."`
	Pattern string `arg:"" optional:"" complete:"pattern" help:"List only locks whose name matches this glob: * stays within a slash, ** does not; quote it for the shell."`
}

// Help is shown below the flags.
func (infoCmd) Help() string {
	return `Locks are listed in the order in which they came into use, each with its holders (*) and below them its waiters, first come first:

    $ brokerctl info 'orders/*'
    orders/42:
    * @billing, #k3v9x2mq--0, duration: 0:00:14.379000
      @reports, #k3v9x2mq--2, duration: 0:00:05.375000
      ... and 23 more

The duration is how long it has been held, or waited for. Of each lock the first 100 holders and the first 100 waiters are listed. (gone) marks a holder whose connection has ended and whose lock is not yet given to others. A name or an author with characters that cannot be printed is shown in quotes, as a string of Go.`
}

// Validate refuses a pattern that is no glob before anybody is asked. How long
// it may be is for the broker to say.
func (c *infoCmd) Validate() error { return checkPattern(c.Pattern) }

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
	ctx := context.Background()
	client, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()

	out := bufio.NewWriter(app.Stdout)
	var text []byte
	for lock, err := range client.Info(ctx, &wsclient.InfoOptions{Match: c.Pattern, Empty: c.Empty}) {
		if err != nil {
			_ = out.Flush() // what has come is of use, and the exit code tells that it is not all
			return c.failure(err)
		}
		if text, err = c.format(text[:0], lock); err != nil {
			return err
		}
		if _, err := out.Write(text); err != nil {
			return err
		}
	}
	return out.Flush()
}

// failure says how the command ends because of err.
func (c *infoCmd) failure(err error) error {
	if errors.Is(err, wsclient.ErrConnection) {
		return &cli.Failure{Err: err, Hint: "what is listed is not all; ask again", Code: cli.ExitUnavailable}
	}
	return err
}

// format appends a lock in the form that was asked for.
func (c *infoCmd) format(text []byte, lock wire.LockInfo) ([]byte, error) {
	if !c.JSON {
		return listing.AppendLock(text, lock), nil
	}
	object, err := json.Marshal(lock)
	return append(append(text, object...), '\n'), err
}
