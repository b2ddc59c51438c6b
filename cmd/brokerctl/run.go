//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
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
	HoldAtLeast  *time.Duration `placeholder:"TIME" help:"Keep the locks for this long after the grant, even if the command ends earlier, so that a short job runs once on several hosts. Default: release when the command has ended."`
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
	case c.HoldAtLeast != nil && *c.HoldAtLeast <= 0:
		return errors.New("--hold-at-least: want more than 0s")
	case c.Hold != nil && *c.Hold < valueOf(c.HoldAtLeast):
		return errors.New("--hold: want at least the time of --hold-at-least")
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
	wait := c.startWait(app)
	signals := notifyForwarded()
	defer time.AfterFunc(cli.SameSignal, func() { stopNotify(signals) }) // The last message may block.
	dialer := newTrackingDialer()
	client, lock, n, err := c.acquireMissing(wait, signals, dialer, app.Stderr)
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
		lock: lock, dialer: dialer, signals: signals, terminal: child.OpenTerminal(), granted: time.Now(),
		hold: valueOf(c.Hold), holdAtLeast: valueOf(c.HoldAtLeast), grace: c.Grace,
		messageWriter: newMessageWriter(app.Stderr, c.Quiet),
	}
	environment := c.environment(own, append(n.around, own))
	return g.runAndRelease(client, child.Spec{Path: path, Args: command, Env: environment})
}

// acquireMissing connects and acquires the locks that no enclosing run holds, unless a signal comes first.
// The lock is nil if the enclosing runs hold all of them.
func (c *runCmd) acquireMissing(wait brokerWait, signals <-chan os.Signal, dialer *trackingDialer, out io.Writer) (
	*wsclient.Client, *wsclient.Lock, *nesting, error) {
	ctx, stop := untilEndSignal(signals)
	defer func() { _ = stop() }()
	// The client waits while the broker restarts. It treats its locks as lost early enough for the group to end in
	// time.
	client, err := wait.dial(ctx, c.target, wsclient.Options{
		StopTime: c.Grace + killTime, NetDial: dialer.dial, Resume: c.Resume, Trace: dialer.trace(),
	})
	var lock *wsclient.Lock
	var n *nesting
	if err == nil {
		n, err = wait.findNesting(ctx, &c.lockFlags, client, c.Names)
	}
	switch {
	case err != nil:
	case len(n.missing) > 0:
		lock, err = c.acquireInside(ctx, client, n, wait, out)
	default:
		err = c.refuseTimes()
	}
	if interrupted := stop(); interrupted != nil {
		err = interrupted // Closing the client releases what was granted.
	}
	return client, lock, n, err
}

// refuseTimes refuses the flags that would change how long an enclosing run holds its locks.
func (c *runCmd) refuseTimes() error {
	flag := "--hold"
	switch {
	case c.HoldAtLeast != nil:
		flag = "--hold-at-least"
	case c.Hold == nil:
		return nil
	}
	return &cli.Failure{
		Err:  fmt.Errorf("%s: the enclosing run holds the locks", flag),
		Hint: "use " + flag + " on the enclosing run, or leave it out",
		Code: cli.ExitUsage,
	}
}

func (c *runCmd) acquireInside(ctx context.Context, client *wsclient.Client, n *nesting, wait brokerWait,
	out io.Writer) (*wsclient.Lock, error) {
	hold := valueOf(c.Hold)
	if hold > 0 { // The broker's limit is a backstop: the guard ends the command earlier.
		hold += c.Grace + 2*killTime
	}
	flags := c.lockFlags
	flags.Try = flags.Try || c.SkipIfLocked
	return flags.acquire(ctx, client, lockRequest{n.missing, n.parent, hold, wait}, out)
}
