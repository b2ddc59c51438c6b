package wsclient

import (
	"context"
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// An inquiry is a message with one answer, such as info, why, clients, evict and ping.

// inquire sends an inquiry on the present connection, or on the next one. It sends it only once: if the connection
// ends before the answer, the client cannot know whether the broker has acted on it.
func (c *Client) inquire(ctx context.Context, compose func(wire.ID) wire.Request) (wire.Reply, error) {
	conn, err := c.connected(ctx)
	if err != nil {
		return nil, err
	}
	return conn.inquire(ctx, compose)
}

// inquire sends the message that compose makes with a new id, and waits for the answer.
func (c *conn) inquire(ctx context.Context, compose func(wire.ID) wire.Request) (wire.Reply, error) {
	answers := make(chan wire.Reply, 1)
	c.client.mu.Lock()
	id, err := c.sendInquiry(compose, func(answer wire.Reply) { answers <- answer })
	c.client.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case answer := <-answers:
		if refusal, ok := answer.(*wire.Error); ok {
			return nil, errorFrom(refusal)
		}
		return answer, nil
	case <-ctx.Done():
		c.client.mu.Lock()
		c.inquiries.Delete(id.N)
		c.client.mu.Unlock()
		return nil, context.Cause(ctx)
	case <-c.done:
		return nil, c.err
	}
}

// sendInquiry queues the message that compose makes with a new id. The caller holds the client's mu. When the answer
// arrives, deliver is called with it, also under mu.
func (c *conn) sendInquiry(compose func(wire.ID) wire.Request, deliver func(wire.Reply)) (wire.ID, error) {
	if c.err != nil {
		return wire.ID{}, c.err
	}
	id := c.client.core.OpenID()
	m := compose(id)
	if err := codec.CheckFrame(m, c.hello.Limits); err != nil {
		return id, badRequest(err) // a gap in the ids does no harm
	}
	c.inquiries.Set(id.N, deliver)
	c.send(m)
	return id, nil
}

// answerOf returns the answer to an inquiry, which must be a T.
func answerOf[T wire.Reply](answer wire.Reply, err error) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	wanted, ok := answer.(T)
	if !ok {
		return none, fmt.Errorf("the broker answered with %s", codec.Kind(answer))
	}
	return wanted, nil
}
