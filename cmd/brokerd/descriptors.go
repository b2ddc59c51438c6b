package main

import (
	"github.com/lockbroker/lockbroker/broker"
)

// reservedDescriptors are for everything except connections: the standard streams, the listeners, the poller of
// the runtime, the state directory and the file that replaces the state.
const reservedDescriptors = 32

// fitDescriptors lowers the limits on connections in c so that the process never runs out of file descriptors.
// Without a free one, it could neither refuse clients nor save its state. At most a quarter is for handshakes,
// which are needed to refuse clients. others is how many other connections there may be.
func fitDescriptors(c *broker.Config, descriptors uint64, others int) {
	limit := int(min(descriptors, 1<<30))
	free := limit - min(reservedDescriptors+others, limit/4)
	c.MaxHandshakes = max(min(c.MaxHandshakes, free/4), 1)
	c.MaxConnections = max(min(c.MaxConnections, free-c.MaxHandshakes), 1)
}
