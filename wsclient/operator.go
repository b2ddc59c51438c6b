package wsclient

import (
	"context"
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// Evict ends the request of that id, which may be anyone's, whether it holds its locks or
// waits. The client that made the request is told the message, at most 256 bytes, and who this
// client is: a holder gets a *[LostError] with LostEvicted, and a waiter an *[Error] that is
// ErrEvicted.
//
// Evict returns when the broker has done it. The error is ErrNotFound if there is no such
// request, or no longer, ErrForbidden if the broker requires a permission that this client
// lacks, and otherwise as for [Client.Info].
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

// Why returns the chain from a request, which may be anyone's, to the one that everybody in
// the chain waits for. Each [Step] names a request, and a blocker that it waits for. The next
// step's request is that blocker, or one that was made inside it, perhaps by another program.
// If nobody is in the way the chain is empty. [Explain] puts a chain into words.
//
// The error is ErrNotFound if there is no such request, or no longer, and otherwise as for
// [Client.Info].
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

// WhyLock is [Client.Why] for the first waiter of the lock of that name. If nobody waits for it
// the chain is empty.
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
