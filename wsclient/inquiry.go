package wsclient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// An inquiry is a message with one answer, such as info, why, clients, evict and ping.

// inquire sends an inquiry on the present connection, or on the next one. It sends it only once: if the connection
// ends before the answer, the client cannot know whether the broker has acted on it. A broker that is gone answers
// nothing: then the lease ends the connection, and without a connection inquiryWait ends the call.
func (c *Client) inquire(ctx context.Context, compose func(wire.ID) wire.Request) (wire.Reply, error) {
	conn, err := c.connectedSoon(ctx)
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
		return nil, gaveUpFor(ctx, noAnswer, nil)
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

// inquiryWait is how long an inquiry waits for a connection if its context has no deadline.
const inquiryWait = 30 * time.Second

// connectedSoon is connected for an inquiry: if ctx has no deadline, it gives up after inquiryWait.
func (c *Client) connectedSoon(ctx context.Context) (*conn, error) {
	if _, ok := ctx.Deadline(); ok {
		return c.connected(ctx)
	}
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn != nil { // the usual case needs no timer
		return conn, nil
	}
	late := fmt.Errorf("gave up after %v", inquiryWait)
	bounded, cancel := context.WithTimeoutCause(ctx, inquiryWait, late)
	defer cancel()
	conn, err := c.connected(bounded)
	if errors.Is(err, late) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return nil, fmt.Errorf("%w; %w", late, c.offline())
	}
	return conn, err
}

// connected waits until there is a connection, and returns it.
func (c *Client) connected(ctx context.Context) (*conn, error) {
	for {
		c.mu.Lock()
		conn, online, err := c.conn, c.online, c.errorOf(c.core.Closed())
		c.mu.Unlock()
		if err != nil || conn != nil {
			return conn, err
		}
		select {
		case <-online:
		case <-c.done:
		case <-ctx.Done():
			c.mu.Lock()
			offline := c.offline()
			c.mu.Unlock()
			return nil, gaveUpFor(ctx, offline.Error(), offline)
		}
	}
}
