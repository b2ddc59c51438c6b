package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/broker/wire/urllist"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A brokerWait is the time that --wait gives a command. It covers the wait for the broker and the wait for the locks.
type brokerWait struct {
	limit time.Duration // 0: the command does not wait for a broker
	begin time.Time
	note  func(format string, args ...any) error
}

// retryMin and retryMax are the first and the longest pause between two attempts to connect.
const (
	retryMin = 100 * time.Millisecond
	retryMax = time.Second
)

// left returns the rest of the time, rounded up to a tenth of a second, because errors mention it. It is at least a
// millisecond, or 0 if there is no limit.
func (w brokerWait) left() time.Duration {
	if w.limit == 0 {
		return 0
	}
	const step = 100 * time.Millisecond
	left := (w.limit - time.Since(w.begin) + step - 1).Truncate(step)
	return max(min(left, w.limit), time.Millisecond)
}

// context returns a context that ends with the time.
func (w brokerWait) context(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.limit == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, w.begin.Add(w.limit))
}

// dial connects to the broker. With a limit, it tries again while the broker is not there yet.
func (w brokerWait) dial(ctx context.Context, t target, options wsclient.Options) (*wsclient.Client, error) {
	if w.limit == 0 {
		return t.dialWith(ctx, options)
	}
	bounded, cancel := w.context(ctx)
	defer cancel()
	var failure error
	for pause := retryMin; ; pause = min(2*pause, retryMax) {
		client, err := t.dialWith(bounded, options)
		switch {
		case err == nil || ctx.Err() != nil || !mayComeUp(err):
			return client, err
		case bounded.Err() == nil:
			if failure == nil {
				reason := dialReason(err)
				_ = w.note("waiting up to %v for the broker at %s: %s", w.limit, t.publicURL(), reason)
			}
			failure = err
		case failure == nil: // Otherwise the last attempt was cut short, and says less than the one before.
			failure = err
		}
		if !cli.Pause(bounded, pause) {
			return nil, w.expired(failure)
		}
	}
}

// findNesting is like lockFlags.findNesting, but ends with the time.
func (w brokerWait) findNesting(ctx context.Context, f *lockFlags, client *wsclient.Client, names []string) (
	*nesting, error) {
	bounded, cancel := w.context(ctx)
	defer cancel()
	n, err := f.findNesting(bounded, client, names)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		err = w.expired(err)
	}
	return n, err
}

// expired returns the failure of a command whose time has passed before it had a connection. It says why the last
// attempt failed, and how long the command has waited.
func (w brokerWait) expired(err error) error {
	failure := &cli.Failure{Code: cli.ExitUnavailable}
	if last := new(cli.Failure); errors.As(err, &last) {
		*failure = *last
	}
	failure.Err = fmt.Errorf("%w; waited %v for the broker", err, w.limit)
	return failure
}

// withoutBroker changes the exit code of a request that has timed out if there was no connection at the end. Then it
// is the broker that was missing.
func (w brokerWait) withoutBroker(client *wsclient.Client, err error) error {
	if w.limit == 0 || !errors.Is(err, wsclient.ErrTimeout) || client.State() != wsclient.Connecting {
		return err
	}
	return &cli.Failure{
		Err:  fmt.Errorf("%w; there is no connection to the broker", err),
		Code: cli.ExitUnavailable,
	}
}

// answerTime is how long after the end of the time the broker's answer may still come.
const answerTime = time.Second

// bound returns a context for the request, which ends answerTime after the time. Usually the broker ends a request that
// waits. But a broker that hangs does not, and the client notices that only after several seconds. Call stop when the
// request has an answer. It does not cancel the context, because a lock ends with the context of its request.
func (w brokerWait) bound(ctx context.Context) (bounded context.Context, stop func()) {
	if w.limit == 0 {
		return ctx, func() {}
	}
	bounded, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(time.Until(w.begin.Add(w.limit+answerTime)), func() {
		cancel(errors.New("the broker does not answer"))
	})
	return bounded, func() { timer.Stop() }
}

// unanswered returns the failure of a request that the bound has ended.
func (w brokerWait) unanswered(err error) error {
	return &cli.Failure{Err: fmt.Errorf("%w; waited %v", err, w.limit), Code: cli.ExitUnavailable}
}

// mayComeUp reports whether a later attempt to connect may succeed by itself: nothing listens, the name is unknown,
// the connection breaks, or a broker or proxy says that it is not available now. Refusals and TLS errors stay.
//
// With several URLs one of them is enough.
func mayComeUp(err error) bool {
	all := dialErrors(err)
	if len(all) == 0 {
		return errors.Is(err, context.DeadlineExceeded)
	}
	return slices.ContainsFunc(all, mayAnswer)
}

// dialErrors returns the errors of the attempts that err tells of.
func dialErrors(err error) (all []*wsclient.DialError) {
	if dial, ok := err.(*wsclient.DialError); ok { //nolint:errorlint // this walks the tree itself
		return []*wsclient.DialError{dial}
	}
	switch err := err.(type) { //nolint:errorlint // this walks the tree itself
	case interface{ Unwrap() error }:
		return dialErrors(err.Unwrap())
	case interface{ Unwrap() []error }:
		for _, part := range err.Unwrap() {
			all = append(all, dialErrors(part)...)
		}
	}
	return all
}

// mayAnswer is mayComeUp for one attempt.
func mayAnswer(dial *wsclient.DialError) bool {
	switch dial.Status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
		http.StatusTooManyRequests:
		return true
	case 0:
	default:
		return false
	}
	var (
		network net.Error
		alert   tls.AlertError
	)
	isNetwork := errors.As(dial, &network) || errors.Is(dial, io.EOF) || errors.Is(dial, io.ErrUnexpectedEOF)
	return isNetwork && !errors.As(dial, &alert) && (!dial.Answered || dial.Said == "")
}

// dialReason returns the reason why an attempt has failed, without the address.
func dialReason(err error) string {
	dial := new(wsclient.DialError)
	switch {
	case !errors.As(err, &dial):
		return printable.LogText(err.Error())
	case dial.Status != 0 || dial.Err == nil:
		return dial.Error()
	}
	reason := dial.Err
	for next := errors.Unwrap(reason); next != nil; next = errors.Unwrap(reason) {
		reason = next
	}
	return printable.LogText(reason.Error())
}

// publicURL returns the URL of the broker, or a list, without secrets.
func (t target) publicURL() string {
	var all []string
	for _, address := range urllist.Split(t.brokerURL()) {
		u, err := url.Parse(address)
		if err != nil {
			return t.hostPort()
		}
		all = append(all, (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String())
	}
	return strings.Join(all, ", ")
}
