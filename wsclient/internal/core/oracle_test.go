package core

import (
	"fmt"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// An oracle does what a machine does, in the simplest way: it has one list of all calls, and works out everything
// else afresh each time from the rules in doc.go. It is slow and short, and shares no code with the machine.
type oracle struct {
	config Config
	now    Instant
	calls  []*call
	link   *link  // nil: no connection
	absent *link  // a session without a connection, or nil
	trial  *trial // to take it up, or nil
	parts  int64  // messages of the statement
	last   string // how the last connection ended
	why    string // the same, as the reason of a loss
	closed bool
	drains bool
	silent []quiet
	stale  []staleCall

	stopped, woken, sent, stated, disconnected, hungUp []string // the outputs of a step
}

// A call is a request.
type call struct {
	name    string
	wish    wish
	needs   []wire.LockSpec // the locks that no enclosing call holds
	outer   *call
	lenders []*call
	state   string // "", covered, pending, waiting, holding, lingering, releasing, cancelling, ended
	id      wire.ID
	parent  *call
	claimed bool
	until   time.Duration
	since   Instant // of its grant
	token   int64
	end     string // "" while it is open
	cause   string // "" while its lock is held
	before  int64  // with async: the least n of the calls that are submitted after its release
	asked   bool   // with async: a cancel was sent after its release
}

// A link is a session, and its connection if it has one.
type link struct {
	name     string
	owner    string // the connection
	hello    hello
	heard    Instant
	next     int64
	pings    map[int64]Instant
	pause    wire.Pause
	draining bool
	released []*call // quietly, in order
	secret   string
	tried    []string
	triedAt  Instant // the first of them
	parts    int64
	isOver   bool          // its lease has ended without a connection
	patience time.Duration // until when the broker may be silent; 0: it need not say anything
}

type quiet struct {
	name  string
	until time.Duration
}

func newOracle(config Config) *oracle { return &oracle{config: config} }

// do returns what c causes, as lines.
func (o *oracle) do(c command) []string {
	o.stopped, o.woken, o.sent, o.stated, o.disconnected, o.hungUp = nil, nil, nil, nil, nil, nil
	began := o.link == nil
	answer := o.step(c)
	lines := slices.Concat(o.stopped, o.woken, o.sent, o.stated, o.disconnected, o.hungUp)
	if began && o.link != nil {
		for _, call := range o.in("pending") {
			o.stopped, o.woken, o.sent = nil, nil, nil
			o.submit(call)
			lines = slices.Concat(lines, o.stopped, o.woken, o.sent)
		}
	}
	if answer != "" {
		lines = append(lines, answer)
	}
	return lines
}

func (o *oracle) step(c command) string {
	switch c.verb {
	case "clock":
		o.now = c.at
	case "at":
		o.now = c.at
		o.tick()
	case "connect":
		o.connect(c)
	case "disconnected", "abandon":
		o.tick()
		o.breakOff(c.closeCode, c.verb == "abandon")
	case "drain":
		o.drain()
	case "close", "giveup":
		o.close(c.verb == "close")
	case "ping":
		return o.ping()
	case "confirm":
		o.ask()
	case "state":
		return o.stateText()
	case "deadline":
		return o.deadlineText()
	case "acquire":
		return o.acquire(c)
	case "claim", "release", "cancel", "valid", "lease", "parent", "token":
		return o.onCall(c)
	default:
		o.hearMessage(c)
	}
	return ""
}

// hearMessage executes what the broker sends.
func (o *oracle) hearMessage(c command) {
	if o.link != nil {
		o.link.patience = 0
	}
	switch o.tick(); {
	case o.trial != nil:
		o.hearAnswer(c)
	case o.link != nil:
		o.receive(c)
	}
}

func (o *oracle) find(name string) *call {
	for _, call := range slices.Backward(o.calls) {
		if call.name == name {
			return call
		}
	}
	return nil
}

// in returns the calls that are in one of these states, in order.
func (o *oracle) in(states ...string) (found []*call) {
	for _, call := range o.calls {
		if slices.Contains(states, call.state) {
			found = append(found, call)
		}
	}
	return found
}

// enclosing returns the innermost call around c that was open, and was neither released nor cancelled.
func (o *oracle) enclosing(c *call) *call {
	for outer := c.outer; outer != nil; outer = outer.outer {
		if outer.isParent() {
			return outer
		}
	}
	return nil
}

func (c *call) isParent() bool {
	return c.state != "" && c.state != "covered" && c.cause != "released" && c.cause != "cancelled"
}

func (o *oracle) acquire(c command) string {
	o.tick()
	call := &call{name: c.name, wish: c.acquire, outer: o.find(c.acquire.inside)}
	o.calls = append(o.calls, call)
	for outer := call.outer; outer != nil; outer = outer.outer {
		o.checkHold(outer)
	}
	refused := o.refusal(call)
	if refused == "" && len(call.needs) == 0 {
		call.state = "covered"
		return "covered"
	}
	outer := o.enclosing(call)
	switch {
	case refused != "":
	case o.closed:
		refused = "closed"
	case o.drains && outer == nil:
		refused = "closed"
	case o.link == nil && call.wish.once:
		refused = o.last
	}
	if refused != "" {
		o.stop(call, refused)
		return "refused: " + refused
	}
	if call.wish.wait > 0 {
		call.until = o.now.Mono + call.wish.wait
	}
	if o.link == nil || o.link.draining && o.movable(call) {
		o.pend(call)
	} else {
		o.submit(call)
	}
	return ""
}

// refusal finds out which locks enclosing calls hold. It returns why they make the machine refuse c, or "".
func (o *oracle) refusal(c *call) string {
	if outer := o.enclosing(c); outer != nil {
		if outer.cause != "" {
			return "outer lost (" + outer.cause + ")"
		}
		if c.wish.steal {
			return "invalid"
		}
	}
	for _, spec := range c.wish.locks {
		var lender *call
		for outer := c.outer; outer != nil && lender == nil; outer = outer.outer {
			i := slices.IndexFunc(outer.needs, func(s wire.LockSpec) bool { return s.Name == spec.Name })
			if i < 0 {
				continue
			}
			if outer.cause != "" {
				return "outer lost (" + outer.cause + ")"
			}
			if fits(outer.needs[i], spec) {
				lender = outer
			}
		}
		if lender == nil {
			c.needs = append(c.needs, spec)
		} else {
			c.lenders = append(c.lenders, lender)
		}
	}
	return ""
}

// fits reports whether a lock that is held is as good as one that is wanted.
func fits(held, wanted wire.LockSpec) bool {
	if held.Mode == wire.Exclusive || wanted.Mode == wire.Exclusive {
		return held.Mode == wire.Exclusive
	}
	limit, limited := held.Limit.Get()
	other, otherLimited := wanted.Limit.Get()
	return !otherLimited && !limited || limited && (!otherLimited || limit <= other)
}

func (o *oracle) movable(c *call) bool {
	return !c.wish.once && !o.config.NoReconnect && o.enclosing(c) == nil
}

func (o *oracle) pend(c *call) {
	c.state = "pending"
	if c.until > 0 && o.now.Mono >= c.until {
		o.end(c, o.timedOut())
	}
}

func (o *oracle) timedOut() string {
	if o.link == nil && o.last != "" {
		return "timed out (" + o.last + ")"
	}
	return "timed out"
}

func (o *oracle) submit(c *call) {
	c.state, c.parent, c.since = "waiting", o.enclosing(c), o.now
	c.id = wire.ID{Session: o.link.name, N: o.link.next}
	o.link.next++
	m := &wire.Acquire{ID: c.id, Locks: c.needs, Parent: c.wish.parent, Steal: c.wish.steal}
	if c.parent != nil {
		m.Parent = c.parent.id
	}
	if c.wish.once && !c.wish.steal {
		m.WaitMS = wire.Some[int64](0)
	} else if c.until > 0 && !c.wish.once {
		m.WaitMS = wire.Some(max(1, ceilMillis(c.until-o.now.Mono)))
	}
	if hold := c.wish.hold; hold > 0 {
		total := hold + o.link.hello.timeout*2/3
		m.HoldMS = wire.Some(ceilMillis(total + total/10))
	}
	if codec.CheckFrame(m, o.link.limits()) != nil {
		o.end(c, "invalid")
		return
	}
	o.sent = append(o.sent, fmt.Sprintf("send acquire %s %s", c.id, acquireText(m)))
}

func (l *link) limits() wire.Limits {
	limits := wire.DefaultLimits()
	limits.MessageBytes = l.hello.bytes
	return limits
}

func ceilMillis(d time.Duration) int64 {
	ms := d.Milliseconds()
	if time.Duration(ms)*time.Millisecond < d {
		ms++
	}
	return ms
}

func (o *oracle) end(c *call, how string) {
	c.state, c.end = "ended", how
	o.stop(c, how)
	o.woken = append(o.woken, fmt.Sprintf("wake %s: %s", c.name, how))
}

// stop notes that the lock of c is no longer held, nor those of its borrowers.
func (o *oracle) stop(c *call, cause string) {
	if c.cause != "" {
		return
	}
	c.cause = cause
	for _, borrower := range slices.Backward(o.calls) {
		if slices.Contains(borrower.lenders, c) {
			o.stop(borrower, cause)
		}
	}
	o.stopped = append(o.stopped, fmt.Sprintf("stop %s: %s", c.name, cause))
}

// claims reports whether the caller of c gets the lock.
func (o *oracle) claims(c *call) bool {
	o.tick()
	o.checkHold(c)
	if c.state == "holding" && c.cause != "" {
		o.cancel(c)
	}
	c.claimed = c.state == "holding"
	return c.claimed
}

// onCall executes a command about one call.
func (o *oracle) onCall(c command) string {
	call := o.find(c.name)
	switch c.verb {
	case "claim":
		return fmt.Sprint(o.claims(call))
	case "release":
		o.release(call)
	case "cancel":
		o.cancel(call)
	case "valid":
		return fmt.Sprint(o.isValid(call))
	case "lease":
		if !o.isValid(call) {
			return "left 0s, kept 0s"
		}
		left, kept := o.lease(call)
		return fmt.Sprintf("left %v, kept %v", left, kept)
	case "parent":
		return fmt.Sprint(call.isParent())
	case "token":
		token, id := call.token, call.id
		if call.state == "covered" {
			id = call.lenders[0].id
			for _, lender := range call.lenders {
				token = max(token, lender.token)
			}
		}
		return fmt.Sprintf("token %d of %s", token, id)
	}
	return ""
}
