package simclient

import (
	"errors"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
	"github.com/lockbroker/lockbroker/wsclient/internal/retry"
)

const (
	helloWait = 10 * time.Second // as in wsclient
	closeWait = time.Second      // as in wsclient
)

var errNetwork = errors.New("the network connection has ended")

// Start begins to connect. It connects again and again, as with WaitForBroker, until a broker refuses it for good.
func (c *Client) Start(at Instant) {
	c.out.reset()
	c.dial(at)
}

// Tick does what is due at that time.
func (c *Client) Tick(at Instant) {
	c.out.reset()
	c.core.Tick(at)
	c.carryOut(at)
	if c.dialing.isDue(at) {
		c.out.act(c.dialing.link, Close)
		c.retry(at, 0, false)
	}
	if c.leaving.isDue(at) {
		c.leave()
	}
	if c.resumes.isDue(at) {
		c.core.Abandon(errNetwork, at)
		c.carryOut(at)
	}
	if c.redials && c.redial <= at.Mono {
		c.dial(at)
	}
	if (c.link != 0 || c.resumes.link != 0) && c.beat.Due <= at.Mono {
		c.beat.Begin(at)
		if id, ok := c.core.Ping(at); ok { // not before the answer to resume
			c.send(&wire.Ping{ID: id})
		}
		c.carryOut(at)
	}
}

// Connected says that the broker's hello has arrived on a link, and when the network connection was made.
func (c *Client) Connected(l Link, made, at Instant, hello *wire.Hello) {
	c.out.reset()
	if l == 0 || l != c.dialing.link {
		return
	}
	lease := core.NewLease(hello, c.config.StopTime, made)
	if lease.Left(at) <= 0 { // the hello came too late
		c.out.act(l, Close)
		c.retry(at, 0, false)
		return
	}
	c.dialing, c.code = countdown{}, 0
	c.made, c.beat, c.wasOn = made, core.NewHeartbeat(hello, made), true
	c.core.Connected(l, hello, made, at)
	c.resumes = countdown{l, at.Mono + c.attemptTime(at)}
	c.begin(at)
}

// begin makes a link the current one if the core has it.
func (c *Client) begin(at Instant) {
	if c.core.IsConnected() {
		c.link, c.resumes, c.attempts = c.resumes.link, countdown{}, 0
	}
	c.carryOut(at)
	for c.core.SubmitNext(at) {
		c.carryOut(at)
	}
}

// DialFailed says that an attempt to connect has failed. If the broker has refused it, status is the HTTP status.
func (c *Client) DialFailed(l Link, at Instant, status int) {
	c.out.reset()
	if l != 0 && l == c.dialing.link {
		c.retry(at, 0, retry.IsFinalStatus(status))
	}
}

// Receive says that a reply has arrived.
func (c *Client) Receive(l Link, at Instant, reply wire.Reply) {
	c.out.reset()
	switch {
	case l == 0:
	case l == c.link:
		c.core.Receive(reply, c.read(at))
		c.carryOut(at)
	case l == c.resumes.link:
		c.core.Receive(reply, c.read(at))
		c.begin(at)
	}
}

// ReceiveBad says that a frame has arrived that the client cannot understand.
func (c *Client) ReceiveBad(l Link, at Instant) { c.WriteFailed(l, at) }

// WriteFailed says that the client could not write to a link. The broker may not know of it.
func (c *Client) WriteFailed(l Link, at Instant) {
	c.out.reset()
	if l != 0 && (l == c.link || l == c.resumes.link) {
		c.core.Abandon(errNetwork, at)
		c.carryOut(at)
	}
}

// Pinged says that a WebSocket ping has arrived.
func (c *Client) Pinged(l Link, _ Instant) {
	c.out.reset()
	if l != 0 && (l == c.link || l == c.resumes.link) {
		c.out.act(l, Pong)
	}
}

// Ended says that the broker or the network has ended a link. If a close frame has arrived, code is its code, and
// otherwise 0.
func (c *Client) Ended(l Link, at Instant, code int) {
	c.out.reset()
	switch {
	case l == 0:
	case l == c.dialing.link:
		c.out.act(l, Close)
		c.retry(at, 0, retry.IsFinalClose(code))
	case l == c.leaving.link:
		c.leave()
	case l == c.link, l == c.resumes.link:
		c.code = code
		c.core.Disconnected(errNetwork, code, at)
		c.carryOut(at)
	}
}

// dial begins to connect.
func (c *Client) dial(at Instant) {
	c.links++
	c.attempts++
	c.redials, c.out.Dial = false, c.links
	c.dialing = countdown{c.links, at.Mono + c.attemptTime(at)}
}

// retry decides what follows a connection that lasted that long, or an attempt that has failed: another attempt or,
// if the failure is final, the end of the client.
func (c *Client) retry(at Instant, lasted time.Duration, isFinal bool) {
	c.dialing = countdown{}
	if isFinal {
		c.core.GiveUp(errNetwork, at)
		c.carryOut(at)
		return
	}
	c.redial, c.redials = at.Mono+c.pause(at, lasted), true
}

// pause is that of wsclient.
func (c *Client) pause(at Instant, lasted time.Duration) time.Duration {
	if lease := c.core.Urgency(at); lease > 0 {
		return c.pauses.NextSoon(lease, lasted, c.dice())
	}
	return c.pauses.Next(lasted, c.dice())
}

// attemptTime is that of wsclient.
func (c *Client) attemptTime(at Instant) time.Duration {
	if lease := c.core.Urgency(at); lease > 0 {
		return min(retry.AttemptTime(lease, c.attempts-1), helloWait)
	}
	return helloWait
}

// leave closes the link that has said goodbye.
func (c *Client) leave() {
	c.out.act(c.leaving.link, Close)
	c.leaving = countdown{}
}

func (c *countdown) isDue(at Instant) bool { return c.link != 0 && c.until <= at.Mono }
