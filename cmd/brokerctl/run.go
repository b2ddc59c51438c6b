//go:build unix

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/child"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// runCmd is the command "run".
type runCmd struct {
	target
	lockFlags
	SkipIfLocked bool           `help:"If a lock is not free, do not run the command, and exit with 0."`
	Hold         *time.Duration `placeholder:"TIME" help:"How long the command may run. Default: no limit."`
	Grace        time.Duration  `default:"5s" placeholder:"TIME" help:"Time between TERM and KILL when the command must end, 0s to 1h."`
	Names        []string       `arg:"" name:"name" complete:"lock" help:"The locks. Several are granted together or not at all. The command follows --."`
}

// Help returns the text that --help shows above the flags.
func (runCmd) Help() string {
	return runHelp
}

// Validate refuses values out of range and flags that contradict each other.
func (c *runCmd) Validate() error {
	switch {
	case c.SkipIfLocked && (c.Try || c.Wait != nil):
		return errors.New("--skip-if-locked cannot be combined with --try or --wait")
	case c.Hold != nil && *c.Hold <= 0:
		return errors.New("--hold: want more than 0s")
	case c.Grace < 0 || c.Grace > time.Hour:
		return errors.New("--grace: want 0s to 1h")
	}
	return c.lockFlags.Validate()
}

// Run waits for the locks and runs the command.
func (c *runCmd) Run(app *kong.Kong, command commandLine) error {
	if len(command) == 0 {
		return &cli.Failure{
			Err:  errors.New("want a command"),
			Hint: "brokerctl run NAME -- COMMAND",
			Code: cli.ExitUsage,
		}
	}
	path, err := lookUp(command[0])
	if err != nil {
		return err
	}
	signals := notifyForwarded()
	dialer := newTrackingDialer()
	client, lock, n, err := c.acquireMissing(signals, dialer, app.Stderr)
	if client != nil {
		defer client.Close()
	}
	if c.SkipIfLocked && errors.Is(err, wsclient.ErrUnavailable) {
		return c.note(app, "skipped: %v", err)
	}
	if err != nil {
		return err
	}
	if lock == nil {
		_ = c.note(app, "the enclosing run (%s) holds the locks: nothing to acquire", n.lender.ID)
		_ = client.Close()
		return replaceProcess(path, command, c.environment(n.lender, n.around), signals)
	}
	own := enclosure{lock.ID().String(), lock.Token(), n.missing, os.Getpid(), sessionID()}
	g := &guard{
		lock: lock, dialer: dialer, signals: signals, terminal: child.OpenTerminal(),
		hold: valueOf(c.Hold), grace: c.Grace, messageWriter: newMessageWriter(app.Stderr, c.Quiet),
	}
	err = g.run(child.Spec{Path: path, Args: command, Env: c.environment(own, append(n.around, own))})
	lost := release(client, lock, signals)
	g.flush(time.Second)
	g.stop()
	if g.interrupted {
		interruptGroup()
	}
	if lost != nil {
		return &cli.Failure{Err: lost, Code: exitLost}
	}
	return err
}

// acquireMissing connects and acquires the locks that no enclosing run holds, unless a signal comes first.
// The lock is nil if the enclosing runs hold all of them.
func (c *runCmd) acquireMissing(signals <-chan os.Signal, dialer *trackingDialer, out io.Writer) (
	*wsclient.Client, *wsclient.Lock, *nesting, error) {
	ctx, stop := untilEndSignal(signals)
	defer func() { _ = stop() }()
	client, err := c.connect(ctx, dialer)
	var lock *wsclient.Lock
	var n *nesting
	if err == nil {
		n, err = c.findNesting(ctx, client, c.Names)
	}
	switch {
	case err != nil:
	case len(n.missing) > 0:
		lock, err = c.acquireInside(ctx, client, n, out)
	case c.Hold != nil:
		err = errors.New("--hold: the enclosing run holds the locks")
		err = &cli.Failure{
			Err:  err,
			Hint: "use --hold on the enclosing run, or leave it out",
			Code: cli.ExitUsage,
		}
	}
	if interrupted := stop(); interrupted != nil {
		err = interrupted // Closing the client releases what was granted.
	}
	return client, lock, n, err
}

// connect returns a client that waits while the broker restarts. The client treats its locks as lost early enough for
// the group to end in time.
func (c *runCmd) connect(ctx context.Context, dialer *trackingDialer) (*wsclient.Client, error) {
	return c.dialWith(ctx, wsclient.Options{StopTime: c.Grace + killTime, NetDial: dialer.dial})
}

func (c *runCmd) acquireInside(ctx context.Context, client *wsclient.Client, n *nesting, out io.Writer) (
	*wsclient.Lock, error) {
	hold := valueOf(c.Hold)
	if hold > 0 { // The broker's limit is a backstop: the guard ends the command earlier.
		hold += c.Grace + 2*killTime
	}
	flags := c.lockFlags
	flags.Try = flags.Try || c.SkipIfLocked
	return flags.acquire(ctx, client, n.missing, n.parent, hold, out)
}

// release releases the lock. One of the endSignals ends the wait for the broker's answer:
// closing the client also releases the lock.
func release(client *wsclient.Client, lock *wsclient.Lock, signals <-chan os.Signal) error {
	ctx, stop := untilEndSignal(signals)
	stopClosing := context.AfterFunc(ctx, func() { _ = client.Close() })
	err := lock.Release()
	stopClosing()
	if stop() != nil {
		return nil
	}
	_ = client.Close()
	return err
}
