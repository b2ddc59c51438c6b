package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

const (
	checkTarget = "Check --host and --port, or --url"
	tryLater    = "try again later"
	// closedHint says for what reasons a brokerd closes a connection before it reads the request.
	closedHint = "a brokerd does this if your address connects too fast (see its --handshakes-per-second), and " +
		"if you do not come through the proxy of an address with proxy-protocol=required. " + checkTarget
)

// dialFailure returns the failure of a command that could not connect, with a hint about what to check.
func (t target) dialFailure(err error) error {
	dial := new(wsclient.DialError)
	errors.As(err, &dial)
	switch {
	case errors.Is(err, wsclient.ErrBadRequest):
		return &cli.Failure{Err: err, Code: cli.ExitUsage}
	case errors.Is(err, wsclient.ErrForbidden):
		return &cli.Failure{Err: err, Hint: t.forbiddenHint(dial), Code: exitForbidden}
	}
	failure := &cli.Failure{Code: cli.ExitUnavailable}
	at := t.hostPort()
	switch {
	case errors.Is(err, context.Canceled):
		failure.Err = fmt.Errorf("a signal came before the broker at %s answered", at)
	case dial.Proxy != "" && (!dial.Connected || dial.FromProxy):
		failure.Err = fmt.Errorf("cannot reach the broker at %s (%w)", at, err)
		failure.Hint = proxyHint(dial, at)
	case !dial.Connected:
		failure.Err = fmt.Errorf("no broker at %s (%w)", at, err)
		failure.Hint = "is brokerd running there? " + checkTarget
	case !dial.Answered && errors.Is(err, context.DeadlineExceeded):
		failure.Err = fmt.Errorf("something listens at %s but does not answer (%w)", at, err)
		failure.Hint = "is that a brokerd? " + checkTarget
	case errors.As(err, new(*tls.CertificateVerificationError)):
		failure.Err = fmt.Errorf("the certificate of %s is not accepted (%w)", at, err)
		failure.Hint = t.certificateHint(err)
	case !dial.Answered && dial.Status == 0:
		failure.Err = fmt.Errorf("something listens at %s, but closes the connection without an answer (%w)",
			at, err)
		failure.Hint = closedHint
	case isOverloaded(dial) && dial.Server == "": // A broker sends no Server header.
		failure.Err = fmt.Errorf("the broker at %s is not accepting connections (%w)", at, err)
		failure.Hint = tryLater
	default:
		failure.Err = fmt.Errorf("something answers at %s, but not as a broker does (%w)", at, err)
		failure.Hint = t.answerHint(dial)
	}
	return failure
}

func isOverloaded(dial *wsclient.DialError) bool {
	return dial.Status == http.StatusServiceUnavailable || dial.Status == http.StatusTooManyRequests
}

// forbiddenHint returns what to do about a refusal of the credentials.
func (t target) forbiddenHint(dial *wsclient.DialError) string {
	header, _ := headerOf(t.Header) // Cannot fail: dialWith has sent it.
	switch {
	case dial.Status != http.StatusUnauthorized:
		return ""
	case t.TokenFile != "":
		return "the token in " + cli.Quote(t.TokenFile) + " is not accepted"
	case t.Token != "":
		return "the token in --token or BROKERCTL_TOKEN is not accepted"
	case header.Get("Authorization") != "":
		return "the credentials in --header or BROKERCTL_HEADER are not accepted"
	}
	return "send a token with --token-file or in BROKERCTL_TOKEN, or a certificate with --cert and --key"
}
