package core

import (
	"slices"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// What the oracle does with the messages of the broker.

// receive handles what the broker sends.
func (o *oracle) receive(c command) {
	id := wire.ParseID(c.name)
	if named := o.find(c.name); named != nil {
		id = named.id
	}
	var call *call
	for _, sent := range o.onLink() {
		if sent.id == id {
			call = sent
		}
	}
	if !o.makesSense(c, id) {
		o.breakOff(0, true)
		return
	}
	if c.verb == "moving" {
		o.disconnect("connection", "disconnected: connection", true, moves)
		return
	}
	o.note(c)
	if call != nil {
		o.answer(c, call)
	}
	if o.link == nil {
		return
	}
	if sent, ok := o.link.pings[id.N]; ok && id.Session == o.link.name && (c.verb == "pong" || c.verb == "error") {
		delete(o.link.pings, id.N)
		if sent.Mono > o.link.heard.Mono {
			o.link.heard = sent
		}
		o.tick()
	}
}

// note notes what a message says about the broker.
func (o *oracle) note(c command) {
	switch c.verb {
	case "granted":
		o.link.pause = ""
	case "pong", "info", "why":
		o.link.pause = c.pause
	case "draining":
		o.link.draining = true
		o.releaseLingering()
	}
}

func (o *oracle) answer(c command, call *call) {
	switch c.verb {
	case "granted", "released", "cancelled", "lost", "error":
		o.confirm(call)
	}
	switch c.verb {
	case "granted":
		if call.state == "holding" && call.token != c.token {
			o.breakOff(0, true)
		}
		if call.state == "waiting" && o.link != nil {
			o.hold(call, c.token)
		}
	case "released", "cancelled":
		o.end(call, c.verb)
	case "lost":
		o.end(call, strings.TrimSpace("lost: "+c.reason+" "+c.by+" "+c.text))
	case "error":
		o.refuse(call, c.code)
	}
}

func (o *oracle) refuse(c *call, code wire.Code) {
	isReleased := slices.Contains(o.link.released, c)
	switch {
	case isReleased && code == wire.NotFound:
		o.confirmThrough(c)
	case isReleased:
		o.end(c, "refused "+string(code))
	case code == wire.ShuttingDown && c.state == "waiting" && o.movable(c):
		o.pend(c)
	case code == wire.NotFound && c.parent != nil && c.parent.cause != "":
		o.end(c, "outer lost ("+c.parent.cause+")")
	default:
		o.end(c, "refused "+string(code))
	}
}
