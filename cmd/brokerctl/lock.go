package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// lockCmd is the command "lock".
type lockCmd struct {
	target
	lockFlags
	readyFlags
	For   *time.Duration `placeholder:"TIME" help:"Release the lock after this time. Default: no limit."`
	Names []string       `arg:"" name:"name" complete:"lock" help:"The locks. Several are granted together or not at all."`
}

// Help returns the text that --help shows above the flags.
func (lockCmd) Help() string {
	return `Acquires the lock, prints its fencing token, and holds it until Ctrl-C or the end of the input:

    $ brokerctl lock orders/42
    1764097264000112

    $ ./steps | brokerctl lock orders/42

The end of the input counts only if the input is a terminal, or a pipe that has a writer or unread data when the
command starts. If the input is a file or /dev/null, as for a background command or under cron or systemd, end the
command with --for or with a signal. brokerctl hold is another name of this command:

    $ brokerctl hold orders/42 --ready-file held.$$ &
    $ kill $!

INT, TERM, HUP and QUIT release the lock; the exit code is 0. A second signal, a second or more after the first, ends
the command at once. A brokerctl that is stopped (TSTP, STOP) for more than a few seconds loses the lock.

--ready-file and --ready-fd tell a script when the lock is held:

    The file appears with its content, and is removed before the lock is
    released, and as soon as the loss of the lock is noticed. If brokerctl is
    killed, the file stays. The next brokerctl with this name removes it.
    The descriptor is closed when the lock is no longer held, even if
    brokerctl is killed. So a reader gets one line, and later the end.

Neither says more than what this process knows: use the fencing token if a stale holder could do harm.

With --quiet, stderr gets only errors, and why a token of --token-file cannot be renewed.

With --wait, the command also waits for a broker that is not there yet or restarts. The time covers both waits.

Inside brokerctl run, brokerctl lock acquires only the locks that the run does not hold: see brokerctl run --help.

Exit codes, besides those of every command:

    69  also if --wait passed without a connection
    75  not obtained: --wait passed, --try, a signal, evicted, a deadlock,
        or held by an enclosing run in another mode
    76  lost while it was held`
}

// Validate refuses values out of range and flags that contradict each other.
func (c *lockCmd) Validate() error {
	if c.For != nil && *c.For <= 0 {
		return errors.New("--for: want more than 0s")
	}
	return c.lockFlags.Validate()
}

// Run acquires the lock and holds it.
func (c *lockCmd) Run(app *kong.Kong) error {
	wait := c.startWait(app)
	ready, err := c.readyFlags.open()
	if err != nil {
		return err
	}
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
		_ = c.note(app, "the enclosing run (%s) holds the locks: nothing to acquire", n.lender.ID)
		// If that run loses the locks, it ends this process.
		_, err = c.hold(ctx, app, heldLock{n.lender.Token, nil, in, ready})
		return err
	}
	why, err := c.hold(ctx, app, heldLock{lock.Token(), lock.Context().Done(), in, ready})
	if lost := lock.Release(); lost != nil {
		return &cli.Failure{Err: lost, Code: exitLost}
	}
	if err == nil && why != "" { // A message that blocks must not keep the lock.
		_ = c.note(app, "%s: released", why)
	}
	return err
}

// A heldLock is what "lock" holds, and what says so.
type heldLock struct {
	token int64
	lost  <-chan struct{} // nil: an enclosing run holds the lock
	in    stdin
	ready *readiness
}

// hold says that the lock is held, waits until it should no longer be, and then says that. It returns why, or "" if
// the user or the lock knows.
func (c *lockCmd) hold(ctx context.Context, app *kong.Kong, h heldLock) (why string, err error) {
	defer func() { err = cmp.Or(err, h.ready.withdraw()) }()
	ended := h.in.ended() // once: of two readers, only one sees that the user types Ctrl-D
	over := after(valueOf(c.For))
	if err := h.ready.create(h.token); err != nil {
		return "", err
	}
	told := make(chan error, 1) // the readers of the token must not keep the lock
	go func() { told <- h.tell(app) }()
	for {
		select {
		case <-ctx.Done():
		case <-ended:
			why = "the input has ended"
		case <-over:
			why = fmt.Sprintf("--for has passed: held for %v", *c.For)
		case <-h.lost:
		case err := <-told:
			if err != nil {
				return "", err
			}
			told = nil
			continue
		}
		return why, nil
	}
}

// tell writes the token to --ready-fd and to stdout. It may block.
func (h *heldLock) tell(app *kong.Kong) error {
	if err := h.ready.write(h.token); err != nil {
		return err
	}
	_, err := fmt.Fprintln(app.Stdout, h.token)
	return err
}

// after returns a channel that receives after d, or never if d is 0.
func after(d time.Duration) <-chan time.Time {
	if d == 0 {
		return nil
	}
	return time.After(d)
}

// messages returns the terminal for messages of brokerctl, or nil with --quiet.
func (c *lockCmd) messages() *os.File {
	if c.Quiet {
		return nil
	}
	return os.Stderr
}

// acquireMissing connects and acquires the locks that no enclosing run holds. The lock is nil if the enclosing runs
// hold all of them. With --wait, the client reconnects while it waits. Without it, a lost connection is an error,
// unless the broker moves.
func (c *lockCmd) acquireMissing(ctx context.Context, wait brokerWait, app *kong.Kong) (
	*wsclient.Client, *nesting, *wsclient.Lock, error) {
	client, err := wait.dial(ctx, c.target, wsclient.Options{
		NoReconnect: wait.limit == 0 && !c.Resume, Resume: c.Resume,
	})
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
