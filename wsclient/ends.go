package wsclient

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// errorOf returns the error that callers get for end. It is the same each time, so that errors.Is finds the cause of
// a context in the errors that it has caused. It is nil if end is nil, or a request was released or cancelled. The
// caller holds mu.
func (c *Client) errorOf(end *core.End) error {
	if end == nil {
		return nil
	}
	if end.Error == nil {
		end.Error = c.makeError(end)
	}
	return end.Error
}

// makeError makes the error of end.
func (c *Client) makeError(end *core.End) error {
	switch end.How {
	case core.Refused:
		return errorFrom(end.Refusal)
	case core.Invalid:
		return badRequest(end.Err)
	case core.TimedOut:
		return c.timeout(end)
	case core.Lost:
		return c.lostError(end)
	case core.OuterLost:
		return fmt.Errorf("the enclosing lock is no longer held: %w", c.causeOf(end.Because))
	case core.Disconnected:
		return c.endError(end)
	case core.Closed:
		return c.closedError(end)
	}
	return nil
}

// closedError returns the error of a client that has ended.
func (c *Client) closedError(end *core.End) error {
	switch {
	case end.Because != nil: // it has lost its session
		return &connectionError{
			url: c.target.String(), ended: true, reason: whyEnded(end.Err), errs: []error{end.Err},
		}
	case end.Err != nil:
		return end.Err
	}
	return ErrClosed
}

// causeOf returns the cause with which the context of a lock ends.
func (c *Client) causeOf(end *core.End) error {
	if err := c.errorOf(end); err != nil {
		return err
	}
	return ErrReleased
}

// timeout returns the error of a request whose wait was over while the client could not send it.
func (c *Client) timeout(end *core.End) error {
	why := aboutToStop
	if end.Because != nil {
		why = c.offline().Error()
	}
	return &Error{Code: wire.Timeout, Message: "not granted in time: " + why}
}
