package owner

import (
	"fmt"
	"slices"
	"time"
)

// A client takes a lock now and then. It treats it as held until it has released it, was told otherwise, or has
// heard nothing for two thirds of the session timeout since it sent the last message that was answered.
type client struct {
	world   *world
	name    string
	clock   *machineClock
	plain   bool // its sessions cannot be taken up
	patient bool // it stays on a silent connection for as long as it may hold locks

	session  string
	timeout  time.Duration // the session timeout, as the broker has said it
	known    bool          // a broker has heard of the session
	sessions int
	pipe     *pipe
	ready    bool          // the broker has said welcome, or resumed
	answered time.Duration // when the last message was sent that was answered, by its clock
	heard    time.Duration
	held     []holding
	wants    string // the lock that it waits for, or ""
	attempt  int    // counts connections and sessions, so that old timers do nothing
}

func (c *client) mono() time.Duration { return c.clock.read().Mono }

// begin begins a new session.
func (c *client) begin() {
	c.sessions++
	c.session = fmt.Sprintf("%s-%d", c.name, c.sessions)
	c.held, c.known, c.timeout = nil, false, 15*time.Second
	c.answered = c.mono()
	c.connect()
}

// hasLease reports whether the client treats its locks as held.
func (c *client) hasLease() bool { return c.mono()-c.answered < c.timeout*2/3 }

// connect connects to some broker, mostly to the owner.
func (c *client) connect() {
	w := c.world
	c.hangUp()
	c.attempt++
	attempt := c.attempt
	n := w.owner()
	if w.chance(4) {
		n = w.nodes[w.random.IntN(len(w.nodes))]
	}
	if n.machine == nil { // refused
		w.after(w.upTo(300*time.Millisecond), func() { c.again(attempt) })
		return
	}
	conn := &pipe{world: w, client: c, node: n, run: n.run}
	c.pipe, c.ready = conn, false
	conn.atClient = func(message any) {
		if c.pipe == conn {
			c.hear(message)
		}
	}
	peer := &peer{pipe: conn, node: n}
	conn.atNode = peer.hear
	c.wants = ""
	conn.toNode(hello{c.mono(), c.session, c.plain, c.known && !c.plain, slices.Clone(c.held)})
	w.after(2*time.Second, func() {
		if c.attempt == attempt && !c.ready {
			c.lost()
		}
	})
}

// hangUp ends the connection, if there is one.
func (c *client) hangUp() {
	if c.pipe != nil {
		c.pipe.toNode(goodbye{})
		c.pipe = nil
	}
}

// again connects again, unless something else has happened meanwhile.
func (c *client) again(attempt int) {
	switch {
	case c.attempt != attempt:
	case !c.hasLease() || c.plain:
		c.giveUp()
	default:
		c.connect()
	}
}

// lost is called when the connection is lost, or seems to be.
func (c *client) lost() {
	c.hangUp()
	c.attempt++
	attempt := c.attempt
	if c.plain {
		c.held = nil
	}
	c.world.after(c.world.upTo(500*time.Millisecond), func() { c.again(attempt) })
}

// giveUp gives up everything, and begins a new session.
func (c *client) giveUp() {
	c.held = nil
	c.hangUp()
	c.begin()
}

// hear takes a message from the broker.
func (c *client) hear(message any) {
	c.heard = c.mono()
	if !c.hasLease() {
		c.giveUp()
		return
	}
	switch m := message.(type) {
	case welcome:
		c.answered, c.known, c.timeout = m.sent, true, m.timeout
		c.serve()
	case resumed:
		c.answered, c.timeout = max(c.answered, m.sent), m.timeout
		c.held = slices.DeleteFunc(c.held, func(h holding) bool { return !m.held[h.token] })
		c.wants = ""
		for _, h := range c.held {
			c.check(h)
		}
		c.serve()
	case notResumed:
		c.giveUp()
	case pong:
		c.answered = max(c.answered, m.sent)
	case granted:
		c.take(holding(m))
	case revoked:
		c.held = slices.DeleteFunc(c.held, func(h holding) bool { return h.token == m.token })
	case closed:
		c.pipe = nil
		c.lost()
	}
}

// serve begins to use a connection.
func (c *client) serve() {
	c.ready = true
	attempt := c.attempt
	c.beat(attempt)
	c.world.after(c.world.upTo(2*time.Second), func() { c.ask(attempt) })
	for _, h := range c.held {
		c.releaseLater(h)
	}
}

// beat sends a heartbeat every sixth of the session timeout, and gives a silent connection up.
func (c *client) beat(attempt int) {
	if c.attempt != attempt {
		return
	}
	switch {
	case !c.hasLease():
		c.giveUp()
	case c.mono()-c.heard > c.timeout/3 && !c.patient:
		c.lost()
	default:
		c.pipe.toNode(ping{c.mono()})
		c.world.after(c.clock.real(c.timeout/6-c.world.upTo(time.Second)), func() { c.beat(attempt) })
	}
}

// ask asks for a lock, if the client has none.
func (c *client) ask(attempt int) {
	if c.attempt != attempt {
		return
	}
	if c.wants == "" && len(c.held) == 0 {
		c.wants = []string{"x", "y"}[c.world.random.IntN(2)]
		c.pipe.toNode(acquire{c.mono(), c.wants})
	}
	c.world.after(c.world.upTo(2*time.Second), func() { c.ask(attempt) })
}

// take takes a lock that was granted.
func (c *client) take(h holding) {
	w := c.world
	w.counts.grants++
	w.note("%s holds %v", c.name, h)
	c.wants = ""
	c.held = append(c.held, h)
	if h.token <= w.latest[h.lock] && !w.excused[h.token] {
		w.fail("%s got %s with token %d after %d", c.name, h.lock, h.token, w.latest[h.lock])
	}
	w.latest[h.lock] = max(w.latest[h.lock], h.token)
	c.check(h)
	c.releaseLater(h)
}

func (c *client) releaseLater(h holding) {
	attempt := c.attempt
	longest := 2 * time.Second
	if c.world.chance(3) {
		longest = time.Minute
	}
	c.world.after(c.world.upTo(longest), func() {
		if i := slices.Index(c.held, h); i >= 0 && c.attempt == attempt {
			c.held = slices.Delete(c.held, i, i+1)
			c.world.note("%s releases %v", c.name, h)
			c.pipe.toNode(release{c.mono(), h.token})
		}
	})
}

// check fails if another client treats the same lock as held.
func (c *client) check(h holding) {
	w := c.world
	for _, other := range w.clients {
		if other == c || !other.hasLease() {
			continue
		}
		for _, o := range other.held {
			if o.lock == h.lock && !w.excused[o.token] && !w.excused[h.token] {
				w.fail("%s holds %v, while %s holds %v", c.name, h, other.name, o)
			}
		}
	}
}
