package core

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// What the oracle expects of sessions that survive their connection.

// A trial is an attempt to take up a session.
type trial struct {
	link *link
	sent Instant
	told []told
	due  time.Duration // when it may be told; 0: it was told
}

// A told call is one that is in a statement.
type told struct {
	call  *call
	token int64 // 0: told as waiting
}

type staleCall struct {
	call  *call
	until time.Duration
}

// moves stands for the close code of a connection whose broker has sent moving.
const moves = -1

func (o *oracle) session() *link {
	if o.link != nil {
		return o.link
	}
	return o.absent
}

func (o *oracle) survives(code int) bool {
	if o.closed || o.link.secret == "" {
		return false
	}
	return code == moves || o.config.KeepSession && !o.config.NoReconnect && !endsIt(code)
}

func (o *oracle) isKept() bool { return o.survives(0) }

func endsIt(code int) bool { return slices.Contains([]int{1002, 1003, 1009, 1012, 4403}, code) }

// breakOff ends whatever connection there is.
func (o *oracle) breakOff(code int, silent bool) {
	const text = "disconnected: connection"
	switch {
	case o.link != nil:
		o.disconnect("connection", text, silent, code)
	case o.trial != nil:
		o.endTrial(text, map[bool]string{true: ", close"}[silent], code)
	}
}

// enter begins the session of a new link, unless the client has ended.
func (o *oracle) enter(next *link) {
	if o.closed {
		o.disconnected = append(o.disconnected, fmt.Sprintf("end of %s: closed, close", next.owner))
		return
	}
	o.link = next
	o.settleIn()
}

// state states the session on a new link.
func (o *oracle) state(next *link) {
	s := o.absent
	m := &wire.Resume{
		ID: wire.ID{Session: next.name}, Session: s.name, Secret: s.secret,
		Tried: slices.Clone(s.tried), More: true,
	}
	bare := *m
	m.ID.N = 1_000_000
	if bare.More = false; codec.CheckFrame(&bare, next.limits()) != nil {
		o.loseSession()
		o.enter(next)
		return
	}
	all := o.onLink()
	for _, stale := range o.stale {
		if stale.call.id.Session == s.name {
			all = append(all, stale.call)
		}
	}
	slices.SortFunc(all, func(a, b *call) int { return cmp.Compare(a.id.N, b.id.N) })
	t := &trial{link: next, sent: o.now}
	var held, waiting string
	for _, c := range all {
		switch c.state {
		case "holding", "lingering", "ended":
			held += o.tell(t, *m, c, c.token)
		case "waiting":
			waiting += o.tell(t, *m, c, 0)
		}
	}
	o.trial = t
	if t.due > 0 {
		o.endAllInsideLost()
		return
	}
	text := fmt.Sprintf("send resume %s of %s secret %s", bare.ID, m.Session, m.Secret)
	if len(m.Tried) > 0 {
		text += " tried " + strings.Join(m.Tried, ",")
	}
	next.parts = o.parts
	o.stated = append(o.stated, text+held+waiting)
}

// tell tells a broker about c, and returns what it tells. If c breaks a limit of the broker, it ends c.
func (o *oracle) tell(t *trial, m wire.Resume, c *call, token int64) string {
	what := &wire.Acquire{Locks: c.needs, Parent: c.wish.parent}
	if p := c.parent; p != nil {
		if what.Parent = p.id; p.state != "holding" && p.state != "lingering" && !o.isStale(p) {
			what.Parent = wire.ID{}
		}
	}
	if hold := c.wish.hold; hold > 0 {
		if token > 0 {
			hold = max(hold-o.since(c.since), 0)
		}
		total := hold + t.link.hello.timeout*2/3
		what.HoldMS = wire.Some(ceilMillis(total + total/10))
	}
	if token == 0 && c.until > 0 {
		what.WaitMS = wire.Some(max(1, ceilMillis(c.until-o.now.Mono)))
	}
	age := max((o.now.Mono - c.since.Mono).Milliseconds(), 0)
	text := fmt.Sprintf(", waiting %d %s", c.id.N, acquireText(what))
	if token > 0 {
		text = fmt.Sprintf(", held %d token %d %s", c.id.N, token, acquireText(what))
		m.Held = []wire.HeldRequest{{N: c.id.N, Token: token, Locks: c.needs, Parent: what.Parent,
			HoldMS: what.HoldMS, AgeMS: age}}
	} else {
		m.Waiting = []wire.WaitingRequest{{N: c.id.N, Locks: c.needs, Parent: what.Parent,
			HoldMS: what.HoldMS, WaitMS: what.WaitMS, AgeMS: age}}
	}
	if codec.CheckFrame(&m, t.link.limits()) != nil {
		switch {
		case c.state == "ended":
			t.wait(o.stale, c)
		case token > 0:
			if c.state == "holding" && c.claimed {
				s := o.absent
				until := min(s.heard.Mono, o.now.Mono-o.leaseLength(s)) + s.hello.timeout
				o.stale = append(o.stale, staleCall{c, until})
				t.wait(o.stale, c)
			}
			o.end(c, "lost: connection")
		default:
			o.end(c, "invalid")
		}
		return ""
	}
	t.told = append(t.told, told{c, token})
	return text + ageText(age)
}

// wait lets a statement without c wait until its caller has stopped.
func (t *trial) wait(stale []staleCall, c *call) {
	for _, s := range stale {
		if s.call == c {
			t.due = max(t.due, s.until)
		}
	}
}

func (o *oracle) endTrial(text, then string, code int) {
	link, wasTold := o.trial.link, o.trial.due == 0
	o.trial = nil
	o.disconnected = append(o.disconnected, fmt.Sprintf("end of %s: %s%s", link.owner, text, then))
	if !wasTold {
		return
	}
	a := o.absent
	if len(a.tried) == 0 {
		a.triedAt = o.now
	}
	a.tried = append(a.tried, link.secret)
	switch tooMany := len(a.tried) > 16; {
	case endsIt(code), tooMany && o.since(a.triedAt) > 2*a.hello.timeout:
		o.loseSession()
	case tooMany:
		a.tried = append([]string{a.tried[0]}, a.tried[2:]...)
	}
}

// hearAnswer handles what the broker sends before it has answered the statement.
func (o *oracle) hearAnswer(c command) {
	link, id := o.trial.link, wire.ParseID(c.name)
	switch {
	case c.verb == "draining":
		link.draining = true
	case c.verb == "lost":
		if named := o.find(c.name); named != nil {
			id = named.id
		}
		for _, sent := range o.onLink() {
			if sent.id == id {
				o.answer(c, sent)
			}
		}
	case c.verb == "resumed" && id == wire.ID{Session: link.name, N: link.parts - 1} && o.knows(c):
		o.resumed(c)
	case c.verb == "notresumed" && id.Session == link.name && id.N < link.parts:
		t := o.trial
		o.trial = nil
		o.loseSession()
		link.next = link.parts
		o.hear(link, t.sent)
		o.enter(link)
	default:
		o.endTrial("disconnected: connection", ", close", 0)
	}
}

// knows reports whether the reply names only calls that were told as held, each once.
func (o *oracle) knows(c command) bool {
	all := append(o.numbers(c.held), o.numbers(c.lost)...)
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) < len(all) {
		return false
	}
	for _, n := range all {
		if !slices.ContainsFunc(o.trial.told, func(t told) bool { return t.call.id.N == n && t.token > 0 }) {
			return false
		}
	}
	return true
}

// numbers returns the numbers of the latest ids of the calls with those names.
func (o *oracle) numbers(names []string) (numbers []int64) {
	for _, name := range names {
		id := wire.ParseID(name)
		if named := o.find(name); named != nil {
			id = named.id
		}
		numbers = append(numbers, id.N)
	}
	return numbers
}

func (o *oracle) hear(link *link, sent Instant) {
	if sent.Mono > link.heard.Mono {
		link.heard = sent
	}
}

func (o *oracle) resumed(c command) {
	t, s := o.trial, o.absent
	o.hear(t.link, t.sent)
	t.link.name, t.link.next, t.link.released = s.name, s.next, s.released
	o.link, o.absent, o.trial = t.link, nil, nil
	o.stated = append(o.stated, "taken up")
	for _, sent := range o.onLink() {
		isTold := slices.ContainsFunc(t.told, func(t told) bool { return t.call == sent })
		switch {
		case isTold:
		case sent.state == "releasing":
			o.end(sent, "released")
		case sent.state == "cancelling":
			o.end(sent, "cancelled")
		}
	}
	holds := func(t told) bool { return slices.Contains(o.numbers(c.held), t.call.id.N) }
	for _, told := range slices.Backward(t.told) {
		if told.token > 0 && !holds(told) {
			o.loseTold(told.call)
		}
	}
	for _, told := range t.told {
		if told.token == 0 || holds(told) {
			o.goOn(told)
		}
	}
	o.endInsideLost()
	o.settleIn()
}

// loseTold ends a call that was told as held, and does not hold on the broker.
func (o *oracle) loseTold(c *call) {
	switch {
	case c.state == "ended":
	case c.state == "cancelling":
		o.end(c, "cancelled")
	case !c.claimed && o.movable(c):
		c.token = 0
		o.pend(c)
	default:
		o.end(c, "lost: connection")
	}
}

// goOn tells the broker what has become of a call since it was told.
func (o *oracle) goOn(t told) {
	c := t.call
	switch c.state {
	case "releasing":
		o.send("release " + c.id.String() + map[bool]string{true: " quietly"}[c.wish.async])
	case "cancelling":
		o.send("cancel " + c.id.String())
	case "ended":
		if !o.isStale(c) {
			o.send("cancel " + c.id.String())
		}
	case "waiting":
		if t.token > 0 {
			o.hold(c, t.token)
		}
	}
}

func (o *oracle) hold(c *call, token int64) {
	c.state, c.since, c.token = "holding", o.now, token
	o.woken = append(o.woken, fmt.Sprintf("wake %s: granted token %d", c.name, token))
}

// settleIn does what a new connection needs.
func (o *oracle) settleIn() {
	if o.link.draining {
		o.releaseLingering()
	}
	if o.drains {
		o.ask()
	}
	o.tick()
}

// makesSense reports whether the message makes sense on a connection whose session is not being taken up.
func (o *oracle) makesSense(c command, id wire.ID) bool {
	switch c.verb {
	case "hello", "resumed":
		return false
	case "error":
		return !id.IsZero()
	case "notresumed":
		return id.Session == o.link.owner && id.N < o.link.parts
	case "moving":
		return o.link.secret != ""
	}
	return true
}

func (o *oracle) releaseLingering() {
	for _, lingering := range o.onLink() {
		if lingering.state == "lingering" {
			o.sendRelease(lingering)
		}
	}
}
