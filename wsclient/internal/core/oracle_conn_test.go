package core

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file is the part of the oracle that is about time and connections.

// since returns the time since then, by the clock that shows the most.
func (o *oracle) since(then Instant) time.Duration {
	mono, slept := o.now.Mono-then.Mono, o.now.Asleep-then.Asleep
	if slept > 100*time.Millisecond {
		mono += slept
	}
	return max(mono, o.now.Wall-then.Wall)
}

func (o *oracle) leaseLength(s *link) time.Duration {
	timeout := s.hello.timeout
	length := timeout * 2 / 3
	if o.config.StopTime > 0 {
		length = min(length, max(timeout*10/11-o.config.StopTime, s.hello.heartbeat*3/2))
	}
	return length
}

// late returns how long the lease of s is over. It is negative if it is not.
func (o *oracle) late(s *link) time.Duration { return o.since(s.heard) - o.leaseLength(s) }

// due returns when c is due, if it has a deadline.
func (o *oracle) due(c *call) (time.Duration, bool) {
	switch {
	case (c.state == "pending" || c.state == "waiting" && o.link == nil) && c.until > 0:
		return c.until, true
	case c.state == "holding" && c.wish.hold > 0:
		return c.since.Mono + c.wish.hold, true
	case c.state == "lingering":
		return c.since.Mono + c.wish.minHold, true
	}
	return 0, false
}

// tick does what is due.
func (o *oracle) tick() {
	if s := o.session(); s != nil && !s.isOver && o.late(s) >= 0 {
		late := lateText(o.late(s))
		if o.link != nil {
			o.disconnect("lease"+late, "disconnected: lease"+late, true, 0)
		} else {
			o.endLease("lease" + late)
			if o.config.NoReconnect {
				o.endWithSession()
			}
		}
	}
	o.checkAnswer()
	if o.trial != nil && o.late(o.trial.link) >= 0 {
		o.endTrial("disconnected: lease"+lateText(o.late(o.trial.link)), ", close", 0)
	}
	var late []*call
	for _, c := range o.calls {
		if due, ok := o.due(c); ok && due <= o.now.Mono {
			late = append(late, c)
		}
	}
	slices.SortStableFunc(late, func(a, b *call) int {
		first, _ := o.due(a)
		second, _ := o.due(b)
		return cmp.Compare(first, second)
	})
	for _, c := range late {
		switch c.state {
		case "pending", "waiting":
			o.end(c, o.timedOut())
		case "lingering":
			o.sendRelease(c)
		default:
			o.expire(c)
		}
	}
	o.silent = slices.DeleteFunc(o.silent, func(q quiet) bool {
		if q.until <= o.now.Mono {
			o.hungUp = append(o.hungUp, "close "+q.name)
		}
		return q.until <= o.now.Mono
	})
	o.endStale()
	o.stateIfDue()
}

// stateIfDue states the session if that had to wait.
func (o *oracle) stateIfDue() {
	if o.trial != nil && o.trial.due > 0 && o.trial.due <= o.now.Mono {
		o.state(o.trial.link)
	}
}

// checkAnswer gives up a connection whose session is kept. If the step comes late, that may not be the broker's fault.
func (o *oracle) checkAnswer() {
	const excuse = 100 * time.Millisecond
	if o.link == nil || o.link.patience == 0 || o.now.Mono < o.link.patience {
		return
	}
	if o.now.Mono > o.link.patience+excuse {
		o.link.patience = o.now.Mono + excuse
		return
	}
	o.disconnect("connection", "disconnected: no answer", true, 0)
}

func (o *oracle) deadlineText() string {
	var all []time.Duration
	if s := o.session(); s != nil && !s.isOver {
		all = append(all, s.heard.Mono+o.leaseLength(s))
	}
	if o.link != nil && o.link.patience > 0 {
		all = append(all, o.link.patience)
	}
	if o.trial != nil {
		all = append(all, o.trial.link.heard.Mono+o.leaseLength(o.trial.link))
		if o.trial.due > 0 {
			all = append(all, o.trial.due)
		}
	}
	for _, s := range o.stale {
		all = append(all, s.until)
	}
	for _, c := range o.calls {
		if due, ok := o.due(c); ok {
			all = append(all, due)
		}
	}
	for _, q := range o.silent {
		all = append(all, q.until)
	}
	if len(all) == 0 {
		return "none"
	}
	return slices.Min(all).String()
}

func (o *oracle) connect(c command) {
	if o.closed {
		return
	}
	made := o.now
	made.Mono -= c.connect.madeAgo
	made.Wall -= c.connect.madeAgo
	next := &link{
		name: c.name, owner: c.name, hello: c.connect, heard: made, pause: c.connect.pause,
		pings: make(map[int64]Instant), secret: c.connect.secret,
	}
	if o.absent != nil {
		o.tick()
		if next.secret == "" {
			o.loseSession()
		}
	}
	switch {
	case o.absent == nil:
		o.enter(next)
	case o.late(next) >= 0:
		o.disconnected = append(o.disconnected,
			fmt.Sprintf("end of %s: disconnected: lease%s, close", next.owner, lateText(o.late(next))))
	default:
		o.state(next)
	}
}

// onLink returns the calls that were sent and have not ended, by id.
func (o *oracle) onLink() []*call {
	sent := o.in("waiting", "holding", "lingering", "releasing", "cancelling")
	slices.SortFunc(sent, func(a, b *call) int { return cmp.Compare(a.id.N, b.id.N) })
	return sent
}

// disconnect ends the connection. The reason goes into the ends of its holders, and the text describes the end of the
// connection. silent says that the other side does not know of it. code is its close code, or that it moves.
func (o *oracle) disconnect(reason, text string, silent bool, code int) {
	link := o.link
	survives := o.survives(code)
	o.link, o.last, o.why = nil, text, reason
	held, then := false, ""
	if survives {
		o.leave(link, reason, text)
	} else {
		held = o.endSession(link, reason, text)
	}
	if until := link.heard.Mono + link.hello.timeout; silent && held && until > o.now.Mono {
		then = ", silent"
		o.silent = append(o.silent, quiet{link.owner, until})
	} else if silent {
		then = ", close"
	}
	o.disconnected = append(o.disconnected, fmt.Sprintf("end of %s: %s%s", link.owner, text, then))
}

// endSession ends all calls of a session. It reports whether the caller of any of them may still use its lock.
func (o *oracle) endSession(link *link, reason, text string) (held bool) {
	sent := o.onLink()
	held = o.lose(sent, link, reason)
	for _, s := range o.stale {
		held = held || s.call.id.Session == link.name && s.until > o.now.Mono
	}
	for _, c := range sent {
		if c.state == "waiting" {
			o.moveOrEnd(c, text)
		}
	}
	o.absent = nil
	o.endInsideLost()
	return held
}

// lose ends the calls that hold. It reports whether the caller of any of them may still use its lock.
func (o *oracle) lose(sent []*call, link *link, reason string) (held bool) {
	for _, c := range slices.Backward(sent) {
		switch {
		case c.state == "holding" && !c.claimed && !o.closed && o.movable(c):
			c.state, c.token = "waiting", 0
		case o.closed && slices.Contains(link.released, c):
			o.end(c, "released")
		case c.state != "waiting":
			held = held || !slices.Contains(link.released, c)
			o.end(c, "lost: "+reason)
		}
	}
	return held
}

// moveOrEnd decides what becomes of a call that was waiting on a connection whose end the text describes.
func (o *oracle) moveOrEnd(c *call, text string) {
	outer := o.enclosing(c)
	switch {
	case !o.closed && o.movable(c):
		o.pend(c)
	case outer != nil && outer.cause != "":
		o.end(c, "outer lost ("+outer.cause+")")
	default:
		o.end(c, text)
	}
}

func (o *oracle) drain() {
	if o.drains {
		return
	}
	o.drains = true
	o.withdraw()
	o.ask()
}

func (o *oracle) withdraw() {
	for _, c := range append(o.in("pending"), o.onLink()...) {
		outer := o.enclosing(c)
		if outer != nil && outer.cause == "" {
			continue
		}
		switch c.state {
		case "waiting":
			o.send("cancel " + c.id.String())
			o.end(c, "closed")
		case "pending":
			o.end(c, "closed")
		}
	}
}

func (o *oracle) close(byOwner bool) {
	if byOwner {
		for _, q := range o.silent {
			o.hungUp = append(o.hungUp, "close "+q.name)
		}
		o.silent, o.stale = nil, nil
	}
	if o.closed {
		return
	}
	o.closed = true
	switch {
	case o.link != nil:
		o.disconnect("closed", "closed", false, 0)
	case o.absent != nil:
		if o.trial != nil {
			o.disconnected = append(o.disconnected, fmt.Sprintf("end of %s: closed", o.trial.link.owner))
			o.trial = nil
		}
		o.endSession(o.absent, "closed", "closed")
	}
	for _, c := range o.in("pending") {
		o.end(c, "closed")
	}
}

func (o *oracle) ping() string {
	if o.tick(); o.link == nil {
		return ""
	}
	n := o.link.next
	o.link.next++
	o.link.pings[n] = o.now
	if o.isKept() && o.link.patience == 0 {
		o.link.patience = o.now.Mono + o.link.hello.timeout/6
	}
	o.ask()
	return "ping " + wire.ID{Session: o.link.name, N: n}.String()
}

func (o *oracle) stateText() string {
	text := "connected"
	switch {
	case o.closed:
		text = "closed"
	case o.link == nil:
		text = "connecting"
	case o.link.draining:
		text = "draining"
	case o.link.pause != "":
		text = "not granting"
	}
	open := o.in("pending", "waiting", "holding", "lingering", "releasing", "cancelling")
	if o.drains && len(open) == 0 && len(o.silent)+len(o.stale) == 0 {
		text += ", drained"
	}
	return text
}
