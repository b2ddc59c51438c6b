package core

import (
	"fmt"
	"slices"
	"strings"
)

// What the oracle does with a session that has no connection.

func (o *oracle) leave(s *link, reason, text string) {
	o.absent, s.pings = s, make(map[int64]Instant)
	for _, c := range o.onLink() {
		switch {
		case c.state != "waiting":
		case c.wish.once:
			o.end(c, text)
		case c.until > 0 && o.now.Mono >= c.until:
			o.end(c, o.timedOut())
		}
	}
	if strings.HasPrefix(reason, "lease") {
		o.endLease(reason)
	}
}

// endLease ends the lease of the session that has no connection.
func (o *oracle) endLease(reason string) {
	o.absent.isOver = true
	until := o.absent.heard.Mono + o.absent.hello.timeout
	for _, c := range slices.Backward(o.onLink()) {
		switch {
		case c.state == "waiting":
		case c.state == "holding" && !c.claimed && o.movable(c):
			c.state, c.token = "waiting", 0
			if c.until > 0 && o.now.Mono >= c.until {
				o.end(c, o.timedOut())
			}
		default:
			if c.state == "holding" && c.claimed && until > o.now.Mono {
				o.stale = append(o.stale, staleCall{c, until})
			}
			o.end(c, "lost: "+reason)
		}
	}
	o.endAllInsideLost()
}

// endAllInsideLost ends the calls that wait or are pending inside a lock that is lost.
func (o *oracle) endAllInsideLost() {
	for _, c := range o.onLink() {
		if c.state == "waiting" {
			o.endIfInsideLost(c)
		}
	}
	o.endInsideLost()
}

// endInsideLost ends the calls that are pending inside a lock that is lost.
func (o *oracle) endInsideLost() {
	for _, c := range o.in("pending") {
		o.endIfInsideLost(c)
	}
}

func (o *oracle) endIfInsideLost(c *call) {
	if outer := o.enclosing(c); outer != nil && outer.cause != "" {
		o.end(c, "outer lost ("+outer.cause+")")
	}
}

// endStale releases what stale holders have had the time to stop using.
func (o *oracle) endStale() {
	o.stale = slices.DeleteFunc(o.stale, func(s staleCall) bool {
		isOver := s.until <= o.now.Mono
		if isOver && o.link != nil && s.call.id.Session == o.link.name {
			o.send("cancel " + s.call.id.String())
		}
		return isOver
	})
}

func (o *oracle) isStale(c *call) bool {
	return slices.ContainsFunc(o.stale, func(s staleCall) bool { return s.call == c })
}

// loseSession gives up the session that has no connection.
func (o *oracle) loseSession() {
	if o.config.NoReconnect {
		o.endWithSession()
	} else {
		o.endSession(o.absent, o.why, o.last)
	}
	o.stated = append(o.stated, "not taken up")
}

// endWithSession ends the client, because it does not get its session back.
func (o *oracle) endWithSession() {
	o.closed = true
	const text = "closed"
	if o.trial != nil {
		o.disconnected = append(o.disconnected, fmt.Sprintf("end of %s: %s", o.trial.link.owner, text))
		o.trial = nil
	}
	o.endSession(o.absent, "connection", text)
	for _, c := range o.in("pending") {
		o.end(c, text)
	}
}
