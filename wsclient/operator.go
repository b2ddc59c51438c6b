package wsclient

import (
	"context"
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// Evict ends the request with this id, which may be anyone's, whether it holds or waits. The broker tells the
// client that made the request who evicted it, and the message, at most 256 bytes. A holder gets a
// *[LostError] with LostEvicted, and a waiter gets an *[Error] that is ErrEvicted.
//
// Evict returns when the broker has ended the request. The error is ErrNotFound if there is no such request,
// or no longer. It is ErrForbidden if this client lacks a permission that the broker requires. Evict waits
// for a connection as [Client.Info] does. With ErrConnection, the broker may have ended the request or not.
func (c *Client) Evict(ctx context.Context, request ID, message string) error {
	err := checkRequest(request)
	if err == nil {
		_, err = answerOf[*wire.Evicted](c.inquire(ctx, func(own wire.ID) wire.Request {
			return &wire.Evict{ID: own, Request: request, Message: message}
		}))
	}
	if err != nil {
		return fmt.Errorf("evict %s: %w", printable.Text(request.String()), err)
	}
	return nil
}

// Why returns the chain from a request, which may be anyone's, to the request that all others in the chain
// wait for. Each [Step] names a request and a blocker for which it waits. The request of the next step is
// that blocker, or a request that was made inside it, perhaps by another program. If nothing blocks the
// request, the chain is empty. [Explain] puts a chain into words.
//
// The error is ErrNotFound if there is no such request, or no longer. Why waits for a connection as
// [Client.Info] does: for at most 30 s if ctx has no deadline.
func (c *Client) Why(ctx context.Context, request ID) ([]Step, error) {
	err := checkRequest(request)
	var chain []Step
	if err == nil {
		chain, err = c.why(ctx, wire.Why{Request: wire.Some(request)})
	}
	if err != nil {
		return nil, fmt.Errorf("why %s: %w", printable.Text(request.String()), err)
	}
	return chain, nil
}

// checkRequest is checkID with an error that is ErrBadRequest.
func checkRequest(id ID) error {
	if err := checkID(id); err != nil {
		return badRequest(err)
	}
	return nil
}

// WhyLock is [Client.Why] for the first waiter of a lock. If the lock has no waiter, the chain is empty.
func (c *Client) WhyLock(ctx context.Context, name string) ([]Step, error) {
	chain, err := c.why(ctx, wire.Why{Lock: wire.Some(name)})
	if err != nil {
		return nil, fmt.Errorf("why lock %q: %w", name, err)
	}
	return chain, nil
}

func (c *Client) why(ctx context.Context, m wire.Why) ([]Step, error) {
	reply, err := answerOf[*wire.Chain](c.inquire(ctx, func(id wire.ID) wire.Request {
		m.ID = id
		return &m
	}))
	if err != nil {
		return nil, err
	}
	return reply.Chain, nil
}
