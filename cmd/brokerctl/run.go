//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"time"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/child"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// runCmd is the command "run".
type runCmd struct {
	target
	asking
	SkipIfLocked bool           `help:"Where somebody has the locks, do not run the command, and count that as done."`
	Hold         *time.Duration `placeholder:"TIME" help:"How long the command may run under the locks."`
	Grace        time.Duration  `default:"5s" placeholder:"TIME" help:"How long the command may take to end after TERM, before KILL."`
	Names        []string       `arg:"" name:"name" complete:"lock" help:"The lock; several are held together, all of them or none. What to run comes after --."`
}

// Help is shown below the flags.
func (runCmd) Help() string {
	return `Waits for the locks, runs the command while they are held, and ends as it does: run [flags] NAME... -- COMMAND [ARG...]

    $ brokerctl run orders/42 -- ./import orders/42.csv
    $ brokerctl run --wait 30s --author nightly db/main backup -- pg_dump -f /backup/main.sql
    $ brokerctl run --skip-if-locked cron/report -- ./report

No shell is involved. The command gets a process group of its own, and the terminal, if there is one. The locks are held until the whole group has ended. INT, TERM, HUP, QUIT, USR1, USR2 and WINCH are passed on to it, and so are the signals that stop; while brokerctl waits, the first four end it. Other signals mean nothing. HUP and INT that were ignored at the start, as under nohup, stay ignored, for the command too. brokerctl goes on when nobody reads its messages any more (PIPE), and when it writes from the background of the terminal (TTOU).

When the locks are lost the whole group gets TERM, and KILL after --grace, or earlier: before the broker, with its usual timeouts, can grant them to others, also where the network is cut. An operator who evicts, and a connection that the broker sees end, let others in at once. A command that becomes another user (sudo) gets no signals: write sudo brokerctl run.

A second process, the watchdog, does the same when brokerctl cannot. When brokerctl is killed, the watchdog kills the group at once, and the locks are free after that. A brokerctl that is stopped, by Ctrl-Z for example, loses its locks after a few seconds: the watchdog ends the group, with KILL if it is stopped, too. When brokerctl goes on, it ends with 76. Only if both are killed or stopped together, the command may outlive the locks.

Where Linux lets brokerctl make a cgroup v2 (as root, or where the user has one), the command runs there. Then a process that has left the group, such as a daemon, is killed as well when the locks are lost. Elsewhere on Linux that holds for those whose parents have ended, unless brokerctl was killed; on other systems only the group is killed. A command that ends by itself leaves its daemons alone, and the locks do not wait for them.

A run inside a run, of the same broker, asks only for the locks that those around it do not hold. When they hold all of them, nothing is taken, a line on stderr says so, and the command takes the place of the inner brokerctl. A lock that they share cannot become exclusive, nor be shared with fewer. The environment names these runs, and the broker is asked whether they still hold. They must wait for the inner run: a job of an interactive shell, and what timeout starts, has a process group of its own, so the locks that they hold are refused to it. A process that has left their session, such as a daemon, is not inside them any more.

The command finds in its environment:

    LOCKBROKER_NAMES  the names, as a JSON array
    LOCKBROKER_TOKEN  the fencing token
    LOCKBROKER_ID     the id of the request, as in the listing
    LOCKBROKER_URL    where the broker is
    LOCKBROKER_HELD   the requests that hold locks for it, also those of runs
                      around this one: a JSON array of objects with the id, the
                      token and the names of each, the outermost first

Token and id are those of the latest of these requests. A lock that one of the others holds has the token of that one. A program that asks for locks itself is inside the last of LOCKBROKER_HELD, and names that as the parent.

Exit codes, beside that of the command:

    69     no broker
    75     not obtained: --wait has passed, --try, an operator withdrew it, a
           deadlock, a run around this one holds it in another way, or,
           with --skip-if-locked, the broker grants nothing to anyone
    76     lost while the command ran, or --hold has passed
    77     not permitted
    80     the command line is wrong
    126    the command cannot be executed
    127    there is no such command
    128+N  signal N has ended the command, or the waiting`
}

// Validate refuses what does not go together.
func (c *runCmd) Validate() error {
	switch {
	case c.SkipIfLocked && (c.Try || c.Wait != nil):
		return errors.New("--skip-if-locked cannot go together with --try or --wait")
	case c.Hold != nil && *c.Hold <= 0:
		return errors.New("--hold: want more than 0s")
	case c.Grace < 0 || c.Grace > time.Hour:
		return errors.New("--grace: want 0s to 1h")
	}
	return c.asking.Validate()
}

// Run waits for the locks and runs the command.
func (c *runCmd) Run(app *kong.Kong, command commandLine) error {
	if len(command) == 0 {
		return &cli.Failure{Err: errors.New("want a command"), Hint: "brokerctl run NAME -- COMMAND", Code: cli.ExitUsage}
	}
	path, err := lookUp(command[0])
	if err != nil {
		return err
	}
	signals := notify()
	line := newLine()
	client, lock, n, err := c.acquire(signals, line, app.Stderr)
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
		_ = c.note(app, "held by the run around this one (%s): nothing is taken", n.lender.ID)
		_ = client.Close()
		return become(path, command, c.environment(n.lender, n.around), signals)
	}
	own := enclosure{lock.ID().String(), lock.Token(), n.missing, os.Getpid(), session()}
	g := &guard{
		lock: lock, line: line, signals: signals, terminal: child.OpenTerminal(),
		hold: given(c.Hold), grace: c.Grace, speaker: newSpeaker(app.Stderr, c.Quiet),
	}
	err = g.run(child.Spec{Path: path, Args: command, Env: c.environment(own, append(n.around, own))})
	lost := release(client, lock, signals)
	g.flush(time.Second)
	g.speaker.end()
	if g.interrupted {
		interruptGroup()
	}
	if lost != nil {
		return &cli.Failure{Err: lost, Code: exitLost}
	}
	return err
}

// acquire connects and gets the locks, unless a signal comes first. The lock is nil when the runs around this process
// hold all of them.
func (c *runCmd) acquire(signals <-chan os.Signal, line *line, out io.Writer) (
	*wsclient.Client, *wsclient.Lock, *nesting, error) {
	ctx, interrupted := untilSignal(signals)
	defer func() { _ = interrupted() }()
	client, err := c.connect(ctx, line)
	var lock *wsclient.Lock
	var n *nesting
	if err == nil {
		n, err = c.nest(ctx, client, c.Names)
	}
	switch {
	case err != nil:
	case len(n.missing) > 0:
		lock, err = c.obtain(ctx, client, n, out)
	case c.Hold != nil:
		err = errors.New("--hold: the run around this one holds the locks")
		err = &cli.Failure{Err: err, Hint: "say --hold there, or do without", Code: cli.ExitUsage}
	}
	if signal := interrupted(); signal != nil {
		err = signal // whatever was granted ends with the client
	}
	return client, lock, n, err
}

// connect makes a client that goes on waiting when the broker is started again, and
// that gives up so early that the group has ended in time.
func (c *runCmd) connect(ctx context.Context, line *line) (*wsclient.Client, error) {
	return c.dialWith(ctx, wsclient.Options{StopTime: c.Grace + killTime, NetDial: line.dial})
}

func (c *runCmd) obtain(ctx context.Context, client *wsclient.Client, n *nesting, out io.Writer) (
	*wsclient.Lock, error) {
	hold := given(c.Hold)
	if hold > 0 { // a backstop: the guard ends the command before
		hold += c.Grace + 2*killTime
	}
	ask := c.asking
	ask.Try = ask.Try || c.SkipIfLocked
	return ask.obtain(ctx, client, n.missing, n.parent, hold, out)
}

// release gives the lock back. A signal that would end a command ends the waiting for
// the broker's answer: when the client is closed the lock is free, too.
func release(client *wsclient.Client, lock *wsclient.Lock, signals <-chan os.Signal) error {
	ctx, interrupted := untilSignal(signals)
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	err := lock.Release()
	stop()
	if interrupted() != nil {
		return nil
	}
	_ = client.Close()
	return err
}

// Exit codes of "run", as shells use them.
const (
	exitNotExecutable = 126
	exitNoCommand     = 127
	exitSignal        = 128 // and the number of the signal
)

// exit is the failure of a command that ends as another did, and has nothing to add.
// It is nil for 0.
func exit(code int) error {
	if code == 0 {
		return nil
	}
	return &cli.Failure{Code: code}
}

// killTime is how long a group may take to end after KILL.
const killTime = time.Second

// lookUp finds the program as a shell does, but for what a shell knows itself.
func lookUp(name string) (string, error) {
	path, err := exec.LookPath(name)
	switch {
	case err == nil, errors.Is(err, exec.ErrDot): // who has "." in PATH means it
		return path, nil
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return "", &cli.Failure{Err: fmt.Errorf("no such command: %s", printable.Text(name)), Code: exitNoCommand}
	}
	return "", notExecutable(name, errors.Unwrap(err))
}

func notExecutable(name string, err error) error {
	return &cli.Failure{Err: fmt.Errorf("cannot execute %s: %w", printable.Text(name), err), Code: exitNotExecutable}
}
