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

// dialFailure returns the failure of a command that could not connect, with a hint about what to check.
func (t target) dialFailure(err error) error {
	switch {
	case errors.Is(err, wsclient.ErrBadRequest):
		return &cli.Failure{Err: err, Code: cli.ExitUsage}
	case errors.Is(err, wsclient.ErrForbidden):
		return &cli.Failure{Err: err, Code: exitForbidden}
	}
	failure := &cli.Failure{Code: cli.ExitUnavailable}
	at, dial := t.hostPort(), new(wsclient.DialError)
	errors.As(err, &dial)
	switch {
	case dial.Proxy != "" && (!dial.Connected || dial.FromProxy):
		failure.Err = fmt.Errorf("cannot reach the broker at %s (%w)", at, err)
		failure.Hint = "the proxy comes from HTTP_PROXY or HTTPS_PROXY in the environment: " +
			"NO_PROXY=" + at + " bypasses it"
	case !dial.Connected:
		failure.Err = fmt.Errorf("no broker at %s (%w)", at, err)
		failure.Hint = "is brokerd running there? " + checkTarget
	case !dial.Answered && errors.Is(err, context.DeadlineExceeded):
		failure.Err = fmt.Errorf("something listens at %s but does not answer (%w)", at, err)
		failure.Hint = "is that a brokerd? " + checkTarget
	case isOverloaded(dial) && dial.Server == "": // A broker sends no Server header.
		failure.Err = fmt.Errorf("the broker at %s is not accepting connections (%w)", at, err)
		failure.Hint = tryLater
	default:
		failure.Err = fmt.Errorf("something answers at %s, but not as a broker does (%w)", at, err)
		failure.Hint = answerHint(dial)
	}
	return failure
}

func isOverloaded(dial *wsclient.DialError) bool {
	return dial.Status == http.StatusServiceUnavailable || dial.Status == http.StatusTooManyRequests
}

// answerHint returns what to do about an answer that did not open a WebSocket.
func answerHint(dial *wsclient.DialError) string {
	switch {
	case dial.Location != "":
		return "it has moved: try --url " + dial.Location
	case dial.Status == http.StatusUpgradeRequired:
		return "something in front of the broker, such as a proxy, does not forward upgrades to WebSocket"
	case isOverloaded(dial):
		return tryLater
	}
	return "is that a brokerd? " + checkTarget
}
