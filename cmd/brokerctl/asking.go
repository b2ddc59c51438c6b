package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Exit codes of commands that take locks, from sysexits.h as far as it has them.
const (
	exitNotObtained = 75 // EX_TEMPFAIL
	exitLost        = 76
	exitForbidden   = 77 // EX_NOPERM
)

// noticeAfter is how long a command waits before it says for what.
const noticeAfter = 500 * time.Millisecond

// asking says how locks are asked for; commands embed it.
type asking struct {
	Shared bool          `help:"Hold the lock together with others who ask for it so."`
	Limit  int           `placeholder:"N" help:"Together with N-1 others at most; implies --shared."`
	Wait   time.Duration `placeholder:"TIME" help:"How long to wait, for example 30s; without it as long as it takes."`
	Try    bool          `help:"Do not wait."`
	Author string        `placeholder:"NAME" help:"Who asks, for people to read."`
}

// Validate refuses what does not go together.
func (a *asking) Validate() error {
	switch {
	case a.Wait < 0:
		return errors.New("--wait: want more than 0s")
	case a.Wait > 0 && a.Try:
		return errors.New("want either --wait or --try")
	case a.Limit < 0 || a.Limit > wire.MaxLimit:
		return fmt.Errorf("--limit: want 1 to %d", wire.MaxLimit)
	}
	return nil
}

// obtain gets the locks, all of them at once. Where that takes a while it says on
// out who is in the way.
func (a *asking) obtain(ctx context.Context, client *wsclient.Client, names []string, out io.Writer) (*wsclient.Lock, error) {
	options := a.options(names[1:])
	call := client.Acquire
	if a.Try {
		call = client.TryAcquire
	}
	waiting, obtained := context.WithCancel(ctx)
	noticed := make(chan struct{})
	go func() {
		defer close(noticed)
		notice(waiting, client, names, out)
	}()
	lock, err := call(ctx, names[0], options)
	obtained()
	<-noticed
	return lock, notObtained(err)
}

func (a *asking) options(also []string) *wsclient.AcquireOptions {
	o := &wsclient.AcquireOptions{Author: a.Author, Limit: a.Limit, Wait: a.Wait}
	if a.Shared || a.Limit > 0 {
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
	case errors.Is(err, wsclient.ErrTimeout), errors.Is(err, wsclient.ErrUnavailable), errors.Is(err, wsclient.ErrEvicted):
		return &cli.Failure{Err: err, Code: exitNotObtained}
	case errors.Is(err, wsclient.ErrForbidden):
		return &cli.Failure{Err: err, Code: exitForbidden}
	case errors.Is(err, wsclient.ErrBadRequest):
		return &cli.Failure{Err: err, Code: cli.ExitUsage}
	}
	return lostBroker(err)
}

// notice says for which lock one waits, and who has it, unless ctx ends soon.
func notice(ctx context.Context, client *wsclient.Client, names []string, out io.Writer) {
	select {
	case <-time.After(noticeAfter):
	case <-ctx.Done():
		return
	}
	for _, name := range names {
		for lock, err := range client.Info(ctx, &wsclient.InfoOptions{Match: wire.PlainGlob(name), Queue: 1}) {
			if err == nil && lock.Waiting > 0 {
				_, _ = fmt.Fprintln(out, "brokerctl:", waitingFor(lock))
			}
		}
	}
}

// waitingFor says who has a lock that one waits for.
func waitingFor(lock wire.LockInfo) string {
	text := "waiting for " + wire.Printable(lock.Name)
	if len(lock.Holders) > 0 {
		first := lock.Holders[0]
		text += fmt.Sprintf(", held by %s for %s", listing.AppendWho(nil, first), listing.Clock(first.Duration()))
		if more := lock.Holding - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
	}
	return text + fmt.Sprintf("; %d in the queue", lock.Waiting)
}
