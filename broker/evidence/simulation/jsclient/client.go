package jsclient

import (
	"math"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// A Client is one client of the JavaScript library. Its methods are those of simclient.Client, which documents them.
type Client struct {
	process *Process
	number  int // in the process
	dice    func() float64

	out      simclient.Output
	unseen   simclient.Output // of PeekValid, which is no step for its caller
	latest   answer
	dialled  simclient.Link
	requests []*request
}

// A request is what the adapter knows about a request.
type request struct {
	status simclient.Status
	held   bool // it was granted
	gaveUp bool
}

// New returns a client that does nothing before [Client.Start]. The JavaScript client has no options for the config, so
// New ignores it.
func (p *Process) New(_ simclient.Config, dice func() float64) *Client {
	p.clients++
	return &Client{process: p, number: p.clients, dice: dice}
}

// Reset makes c a new client, as after a restart of its process.
func (c *Client) Reset(config simclient.Config, dice func() float64) {
	*c = *c.process.New(config, dice)
}

// Output returns what the caller must do after the latest step.
func (c *Client) Output() *simclient.Output { return &c.out }

// Deadline returns when the next timer fires.
func (c *Client) Deadline() (mono time.Duration, ok bool) {
	if c.latest.Due == nil {
		return 0, false
	}
	return time.Duration(math.Ceil(*c.latest.Due * float64(time.Millisecond))), true
}

// Link returns the current link.
func (c *Client) Link() simclient.Link { return simclient.Link(c.latest.Link) }

// Resumes implements [simulation.Program]: in these worlds no session is taken up.
func (c *Client) Resumes() simclient.Link { return 0 }

// IsReady reports whether the client has had a connection.
func (c *Client) IsReady() bool { return c.latest.Ready }

// Closed reports whether the client has ended for good.
func (c *Client) Closed() bool { return c.latest.Closed }

// Status describes a request.
func (c *Client) Status(r simclient.Request) simclient.Status { return c.request(r).status }

func (c *Client) request(r simclient.Request) *request { return c.requests[r-1] }

// Start begins to connect.
func (c *Client) Start(at simclient.Instant) {
	c.begin()
	c.step("new", at, int64(c.dice()*(1<<31)))
}

// Tick lets the timers fire that are due.
func (c *Client) Tick(at simclient.Instant) {
	c.begin()
	c.step("tick", at)
}

// Connected says that the broker's hello has arrived on a link.
func (c *Client) Connected(l simclient.Link, _, at simclient.Instant, hello *wire.Hello) {
	if c.isDialled(l) {
		c.step("opened", at, l, c.frame(hello), hello.Session)
	}
}

// DialFailed says that an attempt to connect has failed.
func (c *Client) DialFailed(l simclient.Link, at simclient.Instant, status int) {
	if c.isDialled(l) {
		c.step("refused", at, l, status)
	}
}

// Receive says that a reply has arrived.
func (c *Client) Receive(l simclient.Link, at simclient.Instant, reply wire.Reply) {
	if c.isDialled(l) {
		c.step("message", at, l, c.frame(reply))
	}
}

// ReceiveBad says that a frame has arrived that the client cannot understand.
func (c *Client) ReceiveBad(l simclient.Link, at simclient.Instant) {
	if c.isDialled(l) {
		c.step("message", at, l, "?")
	}
}

// Pinged says that a WebSocket ping has arrived. The platform answers it as long as the WebSocket is open, even in
// silence.
func (c *Client) Pinged(l simclient.Link, at simclient.Instant) {
	if c.isDialled(l) {
		c.step("pinged", at, l)
	}
}

// Ended says that the broker or the network has ended a link.
func (c *Client) Ended(l simclient.Link, at simclient.Instant, code int) {
	if c.isDialled(l) {
		c.step("ended", at, l, code)
	}
}

// WriteFailed says that a write has failed. A WebSocket then closes.
func (c *Client) WriteFailed(l simclient.Link, at simclient.Instant) { c.Ended(l, at, 0) }

// isDialled reports whether the client has made that link. If not, there is no step.
func (c *Client) isDialled(l simclient.Link) bool {
	c.begin()
	return l > 0 && l <= c.dialled
}

func (c *Client) frame(m wire.Reply) string {
	frame, err := codec.Append(nil, m)
	if err != nil {
		c.process.fail(err)
	}
	return string(frame)
}
