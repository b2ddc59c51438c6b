package owner

import "time"

// A pipe is a connection between a client and a broker. Each direction keeps the order of its messages.
type pipe struct {
	world    *world
	client   *client
	node     *node
	run      int // of the node, when the connection was made
	cut      bool
	arrives  [2]time.Duration // when the last message of each direction arrives
	atClient func(any)
	atNode   func(any)
}

// toNode sends a message to the broker, and toClient one to the client. A connection that is cut loses all later
// messages without a word. Those that are under way arrive.
func (c *pipe) toNode(message any)   { c.send(0, message) }
func (c *pipe) toClient(message any) { c.send(1, message) }

func (c *pipe) send(direction int, message any) {
	if c.cut {
		return
	}
	w := c.world
	at := max(c.arrives[direction], w.now+w.delay())
	c.arrives[direction] = at
	w.after(at-w.now, func() {
		if direction == 1 {
			c.atClient(message)
			return
		}
		if c.node.run == c.run { // a killed broker reads nothing
			c.node.receive(func() { c.atNode(message) })
		}
	})
}

// What clients say.
type (
	hello struct {
		sent    time.Duration // by the client's clock
		session string
		plain   bool
		resume  bool
		held    []holding
	}
	acquire struct {
		sent time.Duration
		lock string
	}
	release struct {
		sent  time.Duration
		token int64
	}
	ping    struct{ sent time.Duration }
	goodbye struct{} // the client closes the connection
)

// What brokers say. An answer repeats when the message was sent that it answers.
type (
	welcome struct{ sent, timeout time.Duration }
	resumed struct {
		sent, timeout time.Duration
		held          map[int64]bool
	}
	notResumed struct{}
	granted    struct {
		lock  string
		token int64
	}
	revoked struct{ token int64 }
	pong    struct{ sent time.Duration }
	closed  struct{} // the broker closes the connection
)

// A holding is a lock that a client says it holds.
type holding struct {
	lock  string
	token int64
}
