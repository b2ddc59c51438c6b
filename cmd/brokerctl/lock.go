package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
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

    $ echo 'until this ends' | brokerctl lock orders/42

Exit codes, beside those of every command:

    75  not obtained: --wait has passed, --try, a signal came, or an operator withdrew it
    76  lost while it was held
    77  not permitted`
}

// Validate refuses what does not go together.
func (c *lockCmd) Validate() error { return c.asking.Validate() }

// Run takes the lock and holds it.
func (c *lockCmd) Run(app *kong.Kong) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	client, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	lock, err := c.obtain(ctx, client, c.Names, 0, app.Stderr)
	if err != nil {
		if ctx.Err() != nil {
			return &cli.Failure{Err: errors.New("a signal came before the lock was obtained"), Code: exitNotObtained}
		}
		return err
	}
	if _, err := fmt.Fprintln(app.Stdout, lock.Token()); err != nil {
		return err
	}
	input := make(chan struct{})
	go func() {
		defer close(input)
		_, _ = io.Copy(io.Discard, os.Stdin) // however it ends, it has
	}()
	select {
	case <-ctx.Done():
	case <-input:
		_, _ = fmt.Fprintln(app.Stderr, "brokerctl: the input has ended: released")
	case <-lock.Context().Done():
	}
	if err := lock.Release(); err != nil {
		return &cli.Failure{Err: err, Code: exitLost}
	}
	return nil
}
