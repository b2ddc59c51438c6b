package wsclient

import (
	"context"
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// nextID is the id that the next message is to open. The caller holds c.mu until
// it has queued that message and counted next up: the broker wants ids to rise.
func (c *conn) nextID() wire.ID { return wire.ID{Session: c.hello.Session, N: c.next} }

// inquire is ask on the connection that there is, or that comes next. It is asked
// once: when the connection ends meanwhile, nobody knows what has become of it.
func (c *Client) inquire(ctx context.Context, compose func(wire.ID) wire.Request) (wire.Reply, error) {
	conn, err := c.connected(ctx)
	if err != nil {
		return nil, err
	}
	return conn.ask(ctx, compose)
}

// ask sends the message that compose makes of a new id, and waits for its reply.
func (c *conn) ask(ctx context.Context, compose func(wire.ID) wire.Request) (wire.Reply, error) {
	replies := make(chan wire.Reply, 1)
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return nil, c.err
	}
	id := c.nextID()
	m := compose(id)
	if err := codec.CheckFrame(m, c.hello.Limits); err != nil {
		c.mu.Unlock()
		return nil, badRequest(err)
	}
	c.expect(func(reply wire.Reply) { replies <- reply })
	c.send(m)
	c.mu.Unlock()

	select {
	case reply := <-replies:
		if refusal, ok := reply.(*wire.Error); ok {
			return nil, errorFrom(refusal)
		}
		return reply, nil
	case <-ctx.Done():
		c.mu.Lock()
		c.asked.remove(id.N)
		c.mu.Unlock()
		return nil, context.Cause(ctx)
	case <-c.done:
		return nil, c.err
	}
}

// expect uses up an id; take gets the one reply to the message that opens it,
// and is called with c.mu held. The caller holds c.mu until it has queued that
// message.
func (c *conn) expect(take func(wire.Reply)) wire.ID {
	id := c.nextID()
	c.next++
	c.asked.set(id.N, take)
	return id
}

// answered is a reply of the kind that answers what was asked.
func answered[T wire.Reply](reply wire.Reply, err error) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	answer, ok := reply.(T)
	if !ok {
		return none, fmt.Errorf("the broker answered with %s", codec.Kind(reply))
	}
	return answer, nil
}
