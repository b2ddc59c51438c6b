package simclient

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
	"github.com/lockbroker/lockbroker/wsclient/internal/retry"
)

// An Instant is a moment, as the clocks of the client's machine show it: Mono is never set, Wall may be set, and Asleep
// says how long the machine has been suspended.
type Instant = core.Instant

// Config has the options of a client. They have the meaning of wsclient.Options.
type Config struct {
	NoReconnect bool
	Resume      bool
	StopTime    time.Duration
}

// A Client is one client. It is not safe for concurrent use.
type Client struct {
	config  Config
	dice    func() float64
	core    *core.Machine
	out     Output
	records []*record
	latest  Instant // when the clocks were last read for a reply or a grant

	links   Link      // so far
	dialing countdown // the link that is being made, until the client gives it up
	leaving countdown // the link that waits for the answer to its goodbye
	resumes countdown // the link on which the client tries to take up its session, until it gives that up
	link    Link      // the current link; 0: none
	made    Instant   // when it was made
	beat    core.Heartbeat
	code    int  // the code with which the broker has closed the current link; 0: none
	wasOn   bool // there was a connection

	pauses   retry.Backoff
	attempts int           // since the last connection
	redials  bool          // the client waits to connect again
	redial   time.Duration // when it connects again, if it does
}

// A countdown is a link with a time limit. Link is 0 if there is none.
type countdown struct {
	link  Link
	until time.Duration
}

// New returns a client that does nothing before [Client.Start]. The function dice returns random numbers from 0 to 1.
func New(config Config, dice func() float64) *Client {
	return &Client{
		config: config, dice: dice,
		core: core.New(core.Config{
			NoReconnect: config.NoReconnect, KeepSession: config.Resume, StopTime: config.StopTime,
		}),
	}
}

// Reset makes c a new client, as after a restart of its process. It reuses some memory.
func (c *Client) Reset(config Config, dice func() float64) {
	records, out := c.records, c.out
	clear(records)
	*c = *New(config, dice)
	out.reset()
	c.records, c.out = records[:0], out
}

// Output returns what the caller must do after the latest step. It is valid until the next step.
func (c *Client) Output() *Output { return &c.out }

// Deadline returns the earliest time on the clock that is never set at which [Client.Tick] must be called, if there is
// one. It may be called earlier.
func (c *Client) Deadline() (mono time.Duration, ok bool) {
	mono, ok = c.core.Deadline()
	consider := func(due time.Duration) {
		if !ok || due < mono {
			mono, ok = due, true
		}
	}
	if c.link != 0 || c.resumes.link != 0 {
		consider(c.beat.Due)
	}
	if c.redials {
		consider(c.redial)
	}
	if c.dialing.link != 0 {
		consider(c.dialing.until)
	}
	if c.leaving.link != 0 {
		consider(c.leaving.until)
	}
	if c.resumes.link != 0 {
		consider(c.resumes.until)
	}
	return mono, ok
}

// Link returns the current link. It returns 0 if there is no connection, or if the client waits for the answer to
// resume.
func (c *Client) Link() Link { return c.link }

// Resumes returns the link on which the client waits for the answer to resume, or 0.
func (c *Client) Resumes() Link { return c.resumes.link }

// IsReady reports whether the client has had a connection. Before that, a program has no client to make requests with.
func (c *Client) IsReady() bool { return c.wasOn }

// Closed reports whether the client has ended for good.
func (c *Client) Closed() bool { return c.core.Closed() != nil }

// Status describes a request. It is no step.
func (c *Client) Status(r Request) Status { return c.record(r).status() }

func (c *Client) record(r Request) *record { return c.records[r-1] }

// send queues a message for the current link.
func (c *Client) send(m wire.Request) { c.out.Send = append(c.out.Send, m) }
