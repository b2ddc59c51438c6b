package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Exit codes of commands that take locks, from sysexits.h as far as it has them.
const (
	exitNotObtained = 75 // EX_TEMPFAIL
	exitLost        = 76
	exitForbidden   = 77 // EX_NOPERM
)

// asking says how locks are asked for; commands embed it.
type asking struct {
	Shared bool           `help:"Hold the lock together with others who ask for it so."`
	Limit  *int           `placeholder:"N" help:"Together with N-1 others at most; implies --shared."`
	Wait   *time.Duration `placeholder:"TIME" help:"How long to wait, for example 30s; without it as long as it takes."`
	Try    bool           `help:"Do not wait."`
	Author string         `placeholder:"NAME" help:"Who asks, for people to read."`
	Quiet  bool           `short:"q" help:"Say nothing on stderr as long as all goes well: for cron. Errors are said."`
}

// Validate refuses what does not go together.
func (a *asking) Validate() error {
	switch {
	case a.Wait != nil && *a.Wait <= 0:
		return errors.New("--wait: want more than 0s; --try does not wait")
	case a.Wait != nil && a.Try:
		return errors.New("--wait and --try cannot go together")
	case a.Limit != nil && (*a.Limit < 1 || *a.Limit > wire.MaxLimit):
		return fmt.Errorf("--limit: want 1 to %d", wire.MaxLimit)
	}
	return nil
}

// obtain gets the locks, all of them at once, inside parent, or inside nothing if that is the zero ID.
// If it takes a while, obtain writes to out who is in the way.
func (a *asking) obtain(ctx context.Context, client *wsclient.Client, names []string, parent wsclient.ID, hold time.Duration,
	out io.Writer) (*wsclient.Lock, error) {
	options := a.options(names[1:])
	options.Hold, options.Parent = hold, parent
	call := client.Acquire
	if a.Try {
		call = client.TryAcquire
	}
	obtained := func() {}
	if !a.Quiet {
		obtained = (&waiting{client: client, names: names, out: out, begin: time.Now()}).begins(ctx)
	}
	lock, err := call(ctx, names[0], options)
	obtained()
	return lock, notObtained(err)
}

// note says one line that tells of nothing wrong.
func (a *asking) note(app *kong.Kong, format string, args ...any) error {
	if a.Quiet {
		return nil
	}
	_, err := fmt.Fprintf(app.Stderr, "brokerctl: "+format+"\n", args...)
	return err
}

func (a *asking) options(also []string) *wsclient.AcquireOptions {
	o := &wsclient.AcquireOptions{Author: a.Author, Limit: given(a.Limit), Wait: given(a.Wait)}
	if a.Shared || a.Limit != nil {
		o.Mode = wsclient.Shared
	}
	for _, name := range also {
		o.Also = append(o.Also, wsclient.LockSpec{Name: name, Mode: o.Mode, Limit: o.Limit})
	}
	return o
}

// notObtained says how a command ends that did not get its locks because of err.
func notObtained(err error) error {
	switch {
	case errors.Is(err, wsclient.ErrNotGranting):
		hint := "whether somebody has the lock does not matter now; try again later, or wait for it"
		return &cli.Failure{Err: err, Hint: hint, Code: exitNotObtained}
	case errors.Is(err, wsclient.ErrDeadlock):
		hint := "a run around this one holds what others need; take all that is needed at once, brokerctl run A B, " +
			"or the names in the same order everywhere"
		return &cli.Failure{Err: err, Hint: hint, Code: exitNotObtained}
	case errors.Is(err, wsclient.ErrNotFound): // the parent, the only thing that is named
		err = fmt.Errorf("the run around this one holds its locks no more: %w", err)
		return &cli.Failure{Err: err, Code: exitNotObtained}
	case errors.Is(err, wsclient.ErrTimeout), errors.Is(err, wsclient.ErrUnavailable), errors.Is(err, wsclient.ErrEvicted):
		failure := &cli.Failure{Err: err, Code: exitNotObtained}
		if refusal := new(wsclient.Error); errors.As(err, &refusal) && hasStarted(refusal.Holders) {
			failure.Hint = "a run that started this process holds that: a process with a session of its own, " +
				"as of setsid or script, is not inside the run any more"
		}
		return failure
	case errors.Is(err, wsclient.ErrBadRequest):
		return &cli.Failure{Err: err, Code: cli.ExitUsage}
	}
	return lostBroker(err)
}

// given is the value of a flag, or the zero one without it.
func given[T any](flag *T) (value T) {
	if flag != nil {
		value = *flag
	}
	return value
}
