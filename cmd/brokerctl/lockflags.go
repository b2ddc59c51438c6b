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

// Exit codes of the commands that acquire locks. 75 and 77 have their meaning from sysexits.h.
const (
	exitNotObtained = 75 // EX_TEMPFAIL
	exitLost        = 76
	exitForbidden   = 77 // EX_NOPERM
)

// lockFlags holds the flags of the commands that acquire locks. Those commands embed it.
type lockFlags struct {
	Shared bool           `help:"Share the lock with other shared requests."`
	Limit  *int           `placeholder:"N" help:"Share the lock among at most N holders; implies --shared."`
	Wait   *time.Duration `placeholder:"TIME" help:"How long to wait for the lock, for example 30s, and for a broker that is not there yet; 0s means --try. Default: no limit for the lock, no wait for the broker."`
	Try    bool           `help:"Fail at once if the lock is not free."`
	Author string         `placeholder:"NAME" help:"Who requests the lock; shown in the listing."`
	Resume bool           `help:"Keep the lock when the connection to the broker breaks, and take it up on the next connection. The price: if brokerctl is killed, others get the lock only when the session timeout has passed."`
	Quiet  bool           `short:"q" help:"Print only errors on stderr, for example for cron: not who is in the way, how long the wait was, or why the lock was released."`
}

// Validate refuses values out of range and flags that contradict each other.
func (f *lockFlags) Validate() error {
	switch {
	case f.Wait != nil && *f.Wait < 0:
		return errors.New("--wait: want 0s or more")
	case f.Wait != nil && f.Try:
		return errors.New("--wait and --try cannot be combined")
	case f.Limit != nil && (*f.Limit < 1 || *f.Limit > wire.MaxLimit):
		return fmt.Errorf("--limit: want 1 to %d", wire.MaxLimit)
	}
	return nil
}

// A lockRequest is what acquire requests.
type lockRequest struct {
	names  []string      // granted together
	parent wsclient.ID   // the enclosing request, or the zero ID
	hold   time.Duration // the limit that the broker enforces; 0: none
	wait   brokerWait
}

// acquire acquires all locks of r as one request. While it waits, it reports the holders on out, unless --quiet is set.
func (f *lockFlags) acquire(ctx context.Context, client *wsclient.Client, r lockRequest, out io.Writer) (
	*wsclient.Lock, error) {
	options := f.options(r.names[1:])
	options.Hold, options.Parent, options.Wait = r.hold, r.parent, r.wait.left()
	call := client.Acquire
	if f.Try || f.Wait != nil && *f.Wait == 0 {
		call = client.TryAcquire
	}
	stopReport := func(bool) {}
	if !f.Quiet {
		stopReport = (&waitReport{client: client, names: r.names, out: out, begin: time.Now()}).start(ctx)
	}
	bounded, stopBound := r.wait.bound(ctx)
	lock, err := call(bounded, r.names[0], options)
	stopBound()
	stopReport(err == nil)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return lock, r.wait.unanswered(err)
	}
	return lock, r.wait.withoutBroker(client, notObtained(err))
}

// note prints one line of information, unless --quiet is set.
func (f *lockFlags) note(app *kong.Kong, format string, args ...any) error {
	if f.Quiet {
		return nil
	}
	_, err := fmt.Fprintf(app.Stderr, "brokerctl: "+format+"\n", args...)
	return err
}

// startWait starts the time of --wait.
func (f *lockFlags) startWait(app *kong.Kong) brokerWait {
	note := func(format string, args ...any) error { return f.note(app, format, args...) }
	return brokerWait{limit: valueOf(f.Wait), begin: time.Now(), note: note}
}

// options returns the options of a request. The names in also are the locks after the first one.
func (f *lockFlags) options(also []string) *wsclient.AcquireOptions {
	o := &wsclient.AcquireOptions{Author: f.Author, Limit: valueOf(f.Limit)}
	if f.Shared || f.Limit != nil {
		o.Mode = wsclient.Shared
	}
	for _, name := range also {
		o.Also = append(o.Also, wsclient.LockSpec{Name: name, Mode: o.Mode, Limit: o.Limit})
	}
	return o
}

// notObtained adds the exit code and a hint to the error of a request that was not granted. It returns nil for nil.
func notObtained(err error) error {
	switch {
	case errors.Is(err, wsclient.ErrNotGranting):
		hint := "the broker grants no locks at the moment, not even free ones; try again later, or use --wait"
		return &cli.Failure{Err: err, Hint: hint, Code: exitNotObtained}
	case errors.Is(err, wsclient.ErrDeadlock):
		hint := "an enclosing run holds what others need; acquire all locks at once (brokerctl run A B), " +
			"or in the same order everywhere"
		return &cli.Failure{Err: err, Hint: hint, Code: exitNotObtained}
	case errors.Is(err, wsclient.ErrNotFound): // The request names only its parent by id.
		err = fmt.Errorf("the enclosing run no longer holds its locks: %w", err)
		return &cli.Failure{Err: err, Code: exitNotObtained}
	case errors.Is(err, wsclient.ErrTimeout),
		errors.Is(err, wsclient.ErrUnavailable),
		errors.Is(err, wsclient.ErrEvicted):
		failure := &cli.Failure{Err: err, Code: exitNotObtained}
		if refusal := new(wsclient.Error); errors.As(err, &refusal) && hasAncestor(refusal.Holders) {
			failure.Hint = "the holder is a run that started this process; a process in another session, " +
				"as under setsid or script, is no longer inside that run"
		}
		return failure
	case errors.Is(err, wsclient.ErrBadRequest):
		return &cli.Failure{Err: err, Code: cli.ExitUsage}
	}
	return brokerFailure(err)
}

// valueOf returns the value of an optional flag, or the zero value if the flag was not given.
func valueOf[T any](flag *T) (value T) {
	if flag != nil {
		value = *flag
	}
	return value
}
