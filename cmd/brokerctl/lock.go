package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// lockCmd is the command "lock".
type lockCmd struct {
	target
	asking
	Names []string `arg:"" name:"name" complete:"lock" help:"The lock; several are held together, all of them or none."`
}

// Help is shown below the flags.
func (lockCmd) Help() string {
	return `Takes the lock, prints its fencing token, and holds it until Ctrl-C or the end of the input:

    $ brokerctl lock orders/42
    1764097264000112

    $ ./steps | brokerctl lock orders/42

Only an input that somebody can end counts: a terminal, or a pipe whose other end is open when the command begins. With a file or /dev/null, as in the background of a script, under cron or systemd, a signal ends it:

    $ brokerctl lock orders/42 > token &

INT, TERM, HUP and QUIT release the lock, and the exit code is 0; a second one ends the command at once. A lock is lost when brokerctl is stopped (TSTP, STOP) for more than a few seconds.

Inside a brokerctl run only the locks are taken that the run does not hold: see its help.

Exit codes, beside those of every command:

    75  not obtained: --wait has passed, --try, a signal came, an operator
        withdrew it, a deadlock, or a run around this one holds it in another way
    76  lost while it was held
    77  not permitted`
}

// Validate refuses what does not go together.
func (c *lockCmd) Validate() error { return c.asking.Validate() }

// surviveBrokenPipes keeps SIGPIPE from ending this process: it must not lose its locks, or its place in a queue,
// because nobody reads its messages any more.
func surviveBrokenPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// Run takes the lock and holds it.
func (c *lockCmd) Run(app *kong.Kong) error {
	ctx, stop := untilTold()
	defer stop()
	surviveBrokenPipes()
	in := openInput(os.Stdin)
	client, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	n, lock, err := c.take(ctx, client, app)
	switch {
	case err != nil && ctx.Err() != nil:
		return &cli.Failure{Err: errors.New("a signal came before the lock was obtained"), Code: exitNotObtained}
	case err != nil:
		return err
	case lock == nil:
		return c.stay(ctx, app, n.lender, in)
	}
	if _, err := fmt.Fprintln(app.Stdout, lock.Token()); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-in.ended():
		_ = c.note(app, "the input has ended: released")
	case <-lock.Context().Done():
	}
	if err := lock.Release(); err != nil {
		return &cli.Failure{Err: err, Code: exitLost}
	}
	return nil
}

// take gets the locks. The lock is nil when the runs around this process hold all of them.
func (c *lockCmd) take(ctx context.Context, client *wsclient.Client, app *kong.Kong) (*nesting, *wsclient.Lock, error) {
	n, err := c.nest(ctx, client, c.Names)
	if err != nil || len(n.missing) == 0 {
		return n, nil, err
	}
	lock, err := c.obtain(ctx, client, n.missing, n.parent, 0, app.Stderr)
	return n, lock, err
}

// stay waits for the end of the input, under the locks of a run around this process. If they are lost, that run ends
// this process.
func (c *lockCmd) stay(ctx context.Context, app *kong.Kong, lender enclosure, in input) error {
	_ = c.note(app, "held by the run around this one (%s): nothing is taken", lender.ID)
	if _, err := fmt.Fprintln(app.Stdout, lender.Token); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-in.ended():
	}
	return nil
}
