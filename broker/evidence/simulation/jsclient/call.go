package jsclient

import (
	"strconv"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// options are the options of a request, as the JavaScript client names them. The author is the number of the request,
// so that the adapter knows which messages belong to it.
type options struct {
	Name   string            `json:"name"`
	Mode   string            `json:"mode"`
	Limit  int               `json:"limit,omitempty"`
	Names  []name            `json:"names,omitempty"`
	Wait   *float64          `json:"wait,omitempty"` // in milliseconds
	Hold   *float64          `json:"hold,omitempty"` // in milliseconds
	Steal  bool              `json:"steal,omitempty"`
	Outer  simclient.Request `json:"outer,omitempty"`
	Parent string            `json:"parent,omitempty"`
	Author string            `json:"author"`

	Release string `json:"release,omitempty"`
}

type name struct {
	Name  string `json:"name"`
	Mode  string `json:"mode"`
	Limit int    `json:"limit,omitempty"`
}

func toOptions(r simclient.Request, o *simclient.Options) options {
	js := options{
		Name: o.Locks[0].Name, Mode: o.Locks[0].Mode.String(), Limit: o.Locks[0].Limit.Or(0),
		Steal: o.Steal, Outer: o.Outer, Author: strconv.Itoa(int(r)),
	}
	for _, l := range o.Locks[1:] {
		js.Names = append(js.Names, name{l.Name, l.Mode.String(), l.Limit.Or(0)})
	}
	if o.Async {
		js.Release = "async"
	}
	if !o.Parent.IsZero() {
		js.Parent = o.Parent.String()
	}
	if !o.Steal && (o.Wait > 0 || o.Once) {
		wait := toMillis(o.Wait)
		if o.Once {
			wait = 0
		}
		js.Wait = &wait
	}
	if o.Hold > 0 {
		hold := max(1, toMillis(o.Hold))
		js.Hold = &hold
	}
	return js
}

func toMillis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Acquire makes a request. The JavaScript client has no MinHold. It asks for locks that enclosing requests hold, and
// names the innermost of them as its parent.
func (c *Client) Acquire(at simclient.Instant, o simclient.Options) simclient.Request {
	c.begin()
	r := &request{status: simclient.Status{State: simclient.Waiting}}
	c.requests = append(c.requests, r)
	number := simclient.Request(len(c.requests))
	switch {
	case !c.latest.Ready:
		r.end(simclient.End{How: simclient.Disconnected})
	case o.Outer != 0 && !c.request(o.Outer).held:
		r.end(simclient.End{How: simclient.OuterLost})
	default:
		c.step("acquire", at, number, toOptions(number, &o))
	}
	return number
}

// Settle is what a waiting caller does when it runs. A caller of the JavaScript client has its locks as soon as they
// are granted, so Settle only says so.
func (c *Client) Settle(at simclient.Instant, number simclient.Request, givesUp bool) simclient.Status {
	c.begin()
	r := c.request(number)
	isOpen := r.status.State == simclient.Waiting || r.status.State == simclient.Granted
	switch {
	case givesUp && isOpen:
		r.gaveUp = true
		c.step("giveUp", at, number)
		r.end(simclient.End{How: simclient.Cancelled})
	case r.status.State == simclient.Granted:
		r.status.State = simclient.Holding
	}
	return r.status
}

// Release releases the locks of a request.
func (c *Client) Release(at simclient.Instant, number simclient.Request) {
	c.begin()
	if r := c.request(number); r.held {
		if r.status.State != simclient.Ended {
			r.status.State = simclient.Releasing
		}
		c.step("release", at, number)
	}
}

// Valid reports whether the signal of the lock is not aborted.
func (c *Client) Valid(at simclient.Instant, number simclient.Request) bool {
	c.begin()
	return c.isValid(at, number)
}

// PeekValid is Valid, because the JavaScript client acts on what its clocks show whenever it looks at them. What it
// does is part of the next Output.
func (c *Client) PeekValid(at simclient.Instant, number simclient.Request) bool {
	c.out, c.unseen = c.unseen, c.out // the caller may not have read all of the output yet
	valid := c.isValid(at, number)
	c.out, c.unseen = c.unseen, c.out
	return valid
}

func (c *Client) isValid(at simclient.Instant, number simclient.Request) bool {
	if !c.request(number).held {
		return false
	}
	c.step("valid", at, number)
	for _, e := range c.latest.Events {
		if e.verb == "valid" {
			return string(e.details) == "true"
		}
	}
	return false
}

// Lease returns zeros: the JavaScript client does not tell its lease.
func (c *Client) Lease(simclient.Instant, simclient.Request) (left, kept time.Duration) { return 0, 0 }

// Evict asks the broker to end a request of any client.
func (c *Client) Evict(at simclient.Instant, id wire.ID, message string) {
	c.begin()
	if c.latest.Link != 0 {
		c.step("evict", at, id.String(), message)
	}
}

// Drain closes the client: the JavaScript client has no other way to end.
func (c *Client) Drain(at simclient.Instant) { c.Close(at) }

// Close closes the client.
func (c *Client) Close(at simclient.Instant) {
	c.begin()
	c.step("close", at)
}
