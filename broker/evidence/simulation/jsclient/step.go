package jsclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// begin begins a step: the output has only what the caller has not seen yet.
func (c *Client) begin() {
	empty(&c.out)
	c.out, c.unseen = c.unseen, c.out
}

// step lets the client do a step, and adds what it does to the output.
func (c *Client) step(verb string, at simclient.Instant, args ...any) {
	message := append([]any{c.number, verb, toMillis(at.Mono), toMillis(at.Wall)}, args...)
	c.latest = c.process.step(message...)
	lastClose := -1
	for i := range c.latest.Events {
		e := &c.latest.Events[i]
		if err := c.note(e); err != nil {
			c.process.fail(fmt.Errorf("%s %d: %w", e.verb, e.number, err))
		}
		switch {
		case e.verb == "close" || e.verb == "goodbye":
			lastClose = i
		case e.verb == "stopped" && lastClose >= 0:
			c.process.fail(errors.New("a holder was told of its loss only after its connection was closed"))
		}
	}
}

// note adds an event to the output.
func (c *Client) note(e *event) error {
	link := simclient.Link(e.number)
	act := func(act simclient.Act) { c.out.Links = append(c.out.Links, simclient.LinkAct{Link: link, Act: act}) }
	switch e.verb {
	case "dial":
		c.dialled, c.out.Dial = link, link
	case "send":
		return c.noteSend(e)
	case "close", "closed", "shut":
		act(simclient.Close)
	case "goodbye":
		act(simclient.Goodbye)
	case "answer":
		act(simclient.AnswerClose)
	case "pong":
		act(simclient.Pong)
	case "granted", "stopped", "failed", "released":
		return c.noteRequest(e)
	case "lateloss":
		c.out.LateLost = append(c.out.LateLost, simclient.Request(e.number))
	case "valid":
	default:
		return errors.New("an unknown event")
	}
	return nil
}

// noteSend decodes a message of the client. The author of an acquire is the number of its request.
func (c *Client) noteSend(e *event) error {
	var frame string
	if err := json.Unmarshal(e.details, &frame); err != nil {
		return err
	}
	m, err := codec.DecodeRequest([]byte(frame), wire.DefaultLimits())
	if err != nil {
		return err
	}
	if acquire, ok := m.(*wire.Acquire); ok {
		number, err := strconv.Atoi(acquire.Author)
		if err != nil || number < 1 || number > len(c.requests) {
			return fmt.Errorf("an acquire of an unknown request: %s", frame)
		}
		c.request(simclient.Request(number)).status.ID = acquire.ID
	}
	c.out.Send = append(c.out.Send, m)
	return nil
}

// noteRequest notes what has become of a request.
func (c *Client) noteRequest(e *event) error {
	number := simclient.Request(e.number)
	r := c.request(number)
	switch e.verb {
	case "granted":
		var g grant
		if err := json.Unmarshal(e.details, &g); err != nil {
			return err
		}
		r.held = true
		r.status.State, r.status.ID, r.status.Token = simclient.Granted, wire.ParseID(g.ID), g.Token
	case "released":
		r.end(simclient.End{How: simclient.Released})
	default:
		var f failure
		if err := json.Unmarshal(e.details, &f); err != nil {
			return err
		}
		if e.verb == "stopped" {
			r.status.Stopped = true
			c.out.Stopped = append(c.out.Stopped, number)
		}
		end, err := f.end(r)
		if err != nil {
			return err
		}
		r.end(end)
	}
	c.out.Woken = append(c.out.Woken, number)
	return nil
}

// end notes how a request has ended. Only the first end counts.
func (r *request) end(end simclient.End) {
	if r.status.State != simclient.Ended {
		r.status.State, r.status.End = simclient.Ended, end
	}
}

// end returns the end of a request that has failed with that error. An error that no program expects is a problem.
func (f failure) end(r *request) (simclient.End, error) {
	how := simclient.How(0)
	switch {
	case f.Reason != "" && r.held: // of a LostError, or of the AbortError that tells of a steal
		return simclient.End{How: simclient.Lost, Reason: f.Reason}, nil
	case f.Reason != "":
		how = simclient.OuterLost
	case f.Name == "TimeoutError":
		return simclient.End{How: simclient.Refused, Code: wire.Timeout}, nil
	case f.Name == "LockError", f.Name == "DeadlockError":
		return simclient.End{How: simclient.Refused, Code: wire.Code(f.Code)}, nil
	case f.Name == "AbortError" && r.gaveUp:
		how = simclient.Cancelled
	case f.Name == "ConnectionError":
		how = simclient.Disconnected
	case f.Name == "InvalidStateError" && f.Message == "client was closed":
		how = simclient.Closed
	case f.Name == "InvalidStateError":
		how = simclient.OuterLost
	case f.Name == "RangeError":
		how = simclient.Invalid
	default:
		return simclient.End{}, fmt.Errorf("the error %s: %s", f.Name, f.Message)
	}
	return simclient.End{How: how}, nil
}

// empty empties an output.
func empty(o *simclient.Output) {
	o.Stopped, o.Woken, o.Send, o.Links, o.Dial = o.Stopped[:0], o.Woken[:0], nil, o.Links[:0], 0
	o.LateLost = o.LateLost[:0]
}
