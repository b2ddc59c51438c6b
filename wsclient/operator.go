package wsclient

import (
	"context"
	"fmt"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// Evict ends a request of anyone, whether it holds its locks or waits. The
// request is named by its id as text, k3v9x2mq--0: ID.String of one in a listing. Who has made it
// is told the message, at most 256 bytes, and who this client is: a holder gets a
// *[LostError] with LostEvicted, one who waits an *[Error] that is ErrEvicted.
//
// It returns when the broker has done it. The error is ErrNotFound when there is
// no such request (any more), ErrForbidden where the broker wants a permission,
// and else like those of [Client.Info].
func (c *Client) Evict(ctx context.Context, request, message string) error {
	id, err := parseID(request)
	if err == nil {
		_, err = answered[*wire.Evicted](c.inquire(ctx, func(own wire.ID) wire.Request {
			return &wire.Evict{ID: own, Request: id, Message: message}
		}))
	}
	if err != nil {
		return fmt.Errorf("evict %s: %w", printable.Text(request), err)
	}
	return nil
}

// Why tells who is in the way of a request, of anyone, named by its id as text; who is in the way of that one; and so on, down to one that waits for
// nobody. When nobody is in its way the chain is empty. [Explain] puts it into words.
//
// Each step's blocker is the next step's request, or one inside which that was made, of
// this program or another. The error
// is ErrNotFound when there is no such request (any more).
func (c *Client) Why(ctx context.Context, request string) ([]wire.Step, error) {
	id, err := parseID(request)
	if err != nil {
		return nil, fmt.Errorf("why %s: %w", printable.Text(request), err)
	}
	chain, err := c.why(ctx, wire.Why{Request: wire.Some(id)})
	if err != nil {
		return nil, fmt.Errorf("why %s: %w", id, err)
	}
	return chain, nil
}

// WhyLock is Why for the first that waits for the lock of that name. When nobody
// does, the chain is empty.
func (c *Client) WhyLock(ctx context.Context, name string) ([]wire.Step, error) {
	chain, err := c.why(ctx, wire.Why{Lock: wire.Some(name)})
	if err != nil {
		return nil, fmt.Errorf("why lock %q: %w", name, err)
	}
	return chain, nil
}

func (c *Client) why(ctx context.Context, m wire.Why) ([]wire.Step, error) {
	reply, err := answered[*wire.Chain](c.inquire(ctx, func(id wire.ID) wire.Request {
		m.ID = id
		return &m
	}))
	if err != nil {
		return nil, err
	}
	return reply.Chain, nil
}

// maxID is longer than any id, and short enough for any frame.
const maxID = 128

// parseID is readID with an error for the caller.
func parseID(text string) (wire.ID, error) {
	id, err := readID(text)
	if err != nil {
		return id, badRequest(err)
	}
	return id, nil
}

// readID reads the id of a request. The names of sessions are [a-z0-9]. Anything else is refused here: with bytes that
// are not UTF-8, for example, the broker could not read the frame.
func readID(text string) (wire.ID, error) {
	id := wire.ParseID(text)
	strange := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }
	if !id.Valid() || len(text) > maxID || strings.ContainsFunc(id.Session, strange) {
		return id, fmt.Errorf("want the id of a request, such as k3v9x2mq--0, not %.40q", text)
	}
	return id, nil
}
