package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

const (
	checkTarget = "Check --host and --port, or --url"
	tryLater    = "try again later"
)

// unreachable says how a command ends that could not connect, and what to check.
func (t target) unreachable(err error) error {
	switch {
	case errors.Is(err, wsclient.ErrBadRequest):
		return &cli.Failure{Err: err, Code: cli.ExitUsage}
	case errors.Is(err, wsclient.ErrForbidden):
		return &cli.Failure{Err: err, Code: exitForbidden}
	}
	failure := &cli.Failure{Code: cli.ExitUnavailable}
	at, what := t.shown(), new(wsclient.DialError)
	errors.As(err, &what)
	switch {
	case what.Proxy != "" && (!what.Connected || what.FromProxy):
		failure.Err = fmt.Errorf("no way to the broker at %s (%w)", at, err)
		failure.Hint = "the proxy comes from HTTP_PROXY or HTTPS_PROXY in the environment: " +
			"NO_PROXY=" + at + " leads past it"
	case !what.Connected:
		failure.Err = fmt.Errorf("no broker at %s (%w)", at, err)
		failure.Hint = "is brokerd running there? " + checkTarget
	case !what.Answered && errors.Is(err, context.DeadlineExceeded):
		failure.Err = fmt.Errorf("something listens at %s but does not answer (%w)", at, err)
		failure.Hint = "is that a brokerd? " + checkTarget
	case isBusy(what) && what.Server == "": // a broker does not name its server
		failure.Err = fmt.Errorf("the broker at %s lets nobody in (%w)", at, err)
		failure.Hint = tryLater
	default:
		failure.Err = fmt.Errorf("something answers at %s, but not as a broker does (%w)", at, err)
		failure.Hint = hint(what)
	}
	return failure
}

func isBusy(what *wsclient.DialError) bool {
	return what.Status == http.StatusServiceUnavailable || what.Status == http.StatusTooManyRequests
}

// hint says what to do about an answer that is no broker's, or a broker's refusal.
func hint(what *wsclient.DialError) string {
	switch {
	case what.Location != "":
		return "it has moved: try --url " + what.Location
	case what.Status == http.StatusUpgradeRequired:
		return "something before the broker, such as a proxy, does not pass on upgrades to WebSocket"
	case isBusy(what):
		return tryLater
	}
	return "is that a brokerd? " + checkTarget
}
