package wsclient

import (
	"context"
	"errors"
	"fmt"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// A connectionError says that there is no connection, or that it has ended, and why. It is ErrConnection.
type connectionError struct {
	url    string // without secrets
	ended  bool   // a connection has ended; false: there is none
	reason string
	errs   []error // what went wrong
}

// Error names the URL and the reason.
func (e *connectionError) Error() string {
	if e.ended {
		return fmt.Sprintf("connection to %s has ended: %s", e.url, e.reason)
	}
	return fmt.Sprintf("no connection to %s: %s", e.url, e.reason)
}

// Is makes errors.Is(err, ErrConnection) work.
func (e *connectionError) Is(target error) bool { return target == ErrConnection }

// Unwrap returns what went wrong.
func (e *connectionError) Unwrap() []error { return e.errs }

// endError returns the error of a connection that has ended.
func (c *Client) endError(end *core.End) *connectionError {
	e := &connectionError{url: c.target.String(), ended: true}
	if end.Reason == core.ReasonLease {
		e.reason = fmt.Sprintf("the broker has not answered for %v", end.Lease.Length())
		if before := end.Because; before != nil { // the session had survived this connection
			e.reason = fmt.Sprintf("%s, and within %v there was no other", whyEnded(before.Err),
				end.Lease.Length())
			e.errs = []error{before.Err}
		}
		return e
	}
	e.reason, e.errs = whyEnded(end.Err), []error{end.Err}
	return e
}

// offline returns the error of a call that needs a connection while there is none. The latest attempt to connect says
// why, or else the end of the last connection. The caller holds mu.
func (c *Client) offline() error {
	e := &connectionError{url: c.target.String(), reason: "the client has not connected yet"}
	last := c.errorOf(c.core.Last())
	if ended := new(connectionError); errors.As(last, &ended) {
		e.reason, e.errs = ended.reason, append(e.errs, last)
	}
	if c.failed != nil {
		e.url = c.failed.target.String()
		e.reason, e.errs = c.failed.last.Error(), append(e.errs, withoutDeadline(c.failed.last))
	}
	return e
}

// withoutDeadline returns failed so that errors.Is does not find context.DeadlineExceeded. The deadline was that of the
// attempt to connect, and callers would take it for theirs.
func withoutDeadline(failed *DialError) *DialError {
	if !errors.Is(failed, context.DeadlineExceeded) {
		return failed
	}
	plain := *failed
	plain.Err = errors.New(failed.Err.Error())
	return &plain
}

// whyEnded returns in plain words why a connection has ended.
func whyEnded(err error) string {
	closed := new(websocket.CloseError)
	if !errors.As(err, &closed) {
		return printable.LogText(err.Error()) // it may quote what the broker has sent
	}
	text := printable.LogText(closed.Text)
	switch {
	case closed.Code == wire.CloseNoFrame:
		return "the broker or the network has closed it"
	case closed.Code == wire.CloseRestart:
		return "the broker has stopped"
	case closed.Code == wire.CloseExpired:
		return "the credential has expired"
	case closed.Code == wire.CloseRevoked:
		return "the credential has been revoked"
	case text == "":
		return fmt.Sprintf("the broker has closed it (close code %d)", closed.Code)
	}
	return "the broker has closed it: " + text
}
