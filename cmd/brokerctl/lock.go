package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// lockCmd is the command "lock".
type lockCmd struct {
	target
	lockFlags
	Names []string `arg:"" name:"name" complete:"lock" help:"The locks. Several are granted together or not at all."`
}

// Help returns the text that --help shows above the flags.
func (lockCmd) Help() string {
	return `Acquires the lock, prints its fencing token, and holds it until Ctrl-C or the end of the input:

    $ brokerctl lock orders/42
    1764097264000112

    $ ./steps | brokerctl lock orders/42

The end of the input counts only if the input is a terminal, or a pipe that has a writer or unread data when the
command starts. If the input is a file or /dev/null, as for a background command or under cron or systemd, end the
command with a signal:

    $ brokerctl lock orders/42 > token &

INT, TERM, HUP and QUIT release the lock; the exit code is 0. A second signal, a second or more after the first, ends
the command at once. A brokerctl that is stopped (TSTP, STOP) for more than a few seconds loses the lock.

With --wait, the command also waits for a broker that is not there yet or restarts. The time covers both waits.

Inside brokerctl run, brokerctl lock acquires only the locks that the run does not hold: see brokerctl run --help.

Exit codes, besides those of every command:

    69  also if --wait passed without a connection
    75  not obtained: --wait passed, --try, a signal, evicted, a deadlock,
        or held by an enclosing run in another mode
    76  lost while it was held`
}

// Validate refuses values out of range and flags that contradict each other.
func (c *lockCmd) Validate() error { return c.lockFlags.Validate() }

// Run acquires the lock and holds it.
func (c *lockCmd) Run(app *kong.Kong) error {
	wait := c.startWait(app)
	ctx, stop := signalContextFor(c.messages())
	defer stop()
	ignoreBrokenPipes()
	in := openStdin(os.Stdin)
	client, n, lock, err := c.acquireMissing(ctx, wait, app)
	if client != nil {
		defer client.Close()
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return &cli.Failure{Err: errors.New("a signal came before the lock was granted"), Code: exitNotObtained}
	case err != nil:
		return err
	case lock == nil:
		return c.waitInside(ctx, app, n.lender, in)
	}
	if _, err := fmt.Fprintln(app.Stdout, lock.Token()); err != nil {
		return err
	}
	inputEnded := false
	select {
	case <-ctx.Done():
	case <-in.ended():
		inputEnded = true
	case <-lock.Context().Done():
	}
	if err := lock.Release(); err != nil {
		return &cli.Failure{Err: err, Code: exitLost}
	}
	if inputEnded { // A message that blocks must not keep the lock.
		_ = c.note(app, "the input has ended: released")
	}
	return nil
}

// messages returns the terminal for messages of brokerctl, or nil with --quiet.
func (c *lockCmd) messages() *os.File {
	if c.Quiet {
		return nil
	}
	return os.Stderr
}

// acquireMissing connects and acquires the locks that no enclosing run holds. The lock is nil if the enclosing runs
// hold all of them. With --wait, the client reconnects while it waits. Without it, a lost connection is an error.
func (c *lockCmd) acquireMissing(ctx context.Context, wait brokerWait, app *kong.Kong) (
	*wsclient.Client, *nesting, *wsclient.Lock, error) {
	client, err := wait.dial(ctx, c.target, wsclient.Options{NoReconnect: wait.limit == 0})
	if err != nil {
		return nil, nil, nil, err
	}
	n, err := wait.findNesting(ctx, &c.lockFlags, client, c.Names)
	if err != nil || len(n.missing) == 0 {
		return client, n, nil, err
	}
	lock, err := c.acquire(ctx, client, lockRequest{names: n.missing, parent: n.parent, wait: wait}, app.Stderr)
	return client, n, lock, err
}

// waitInside waits for the end of the input while an enclosing run holds the locks. If that run loses the locks, it
// ends this process.
func (c *lockCmd) waitInside(ctx context.Context, app *kong.Kong, lender enclosure, in stdin) error {
	_ = c.note(app, "the enclosing run (%s) holds the locks: nothing to acquire", lender.ID)
	if _, err := fmt.Fprintln(app.Stdout, lender.Token); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-in.ended():
	}
	return nil
}
