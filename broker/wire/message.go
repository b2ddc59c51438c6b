package wire

// A Message is anything that travels in a frame: a [Request] or a [Reply]. The set is
// closed: only pointers to the message types of this package are in it.
type Message interface{ message() }

// A Request is a message that a client sends: a pointer to [Acquire], [Release], [Cancel],
// [Resume], [Info], [Why], [Clients], [Watch], [Unwatch], [Evict], [Auth], [WhoAmI] or [Ping].
type Request interface {
	Message
	request()
}

// A Reply is a message that the broker sends: a pointer to [Hello], [Granted], [Released],
// [Cancelled], [Lost], [InfoPage], [Chain], [ClientsPage], [Watching], [Change], [Lagged],
// [Unwatched], [Evicted], [Authenticated], [Permissions], [Pong], [Draining], [Resumed], [NotResumed],
// [Moving] or [Error].
type Reply interface {
	Message
	reply()
}

// fromClient, embedded in a struct, makes a pointer to the struct a Request.
type fromClient struct{}

func (*fromClient) message() {}
func (*fromClient) request() {}

// fromBroker, embedded in a struct, makes a pointer to the struct a Reply.
type fromBroker struct{}

func (*fromBroker) message() {}
func (*fromBroker) reply()   {}

// RequestID returns the id of m, and whether m opens it. A client opens each id once, in
// rising order. A message that does not open its id names one that is already open.
func RequestID(m Request) (id ID, opens bool) {
	switch m := m.(type) {
	case *Acquire:
		return m.ID, true
	case *Resume:
		return m.ID, true
	case *Info:
		return m.ID, true
	case *Why:
		return m.ID, true
	case *Clients:
		return m.ID, true
	case *Watch:
		return m.ID, true
	case *Evict:
		return m.ID, true
	case *Auth:
		return m.ID, true
	case *WhoAmI:
		return m.ID, true
	case *Ping:
		return m.ID, true
	case *Release:
		return m.ID, false
	case *Cancel:
		return m.ID, false
	case *Unwatch:
		return m.ID, false
	}
	return ID{}, false
}

// replyID returns the id of m, which is one of the replies that always have one.
func replyID(m Reply) ID {
	switch m := m.(type) {
	case *Released:
		return m.ID
	case *Cancelled:
		return m.ID
	case *InfoPage:
		return m.ID
	case *Chain:
		return m.ID
	case *ClientsPage:
		return m.ID
	case *Watching:
		return m.ID
	case *Change:
		return m.ID
	case *Lagged:
		return m.ID
	case *Unwatched:
		return m.ID
	case *Evicted:
		return m.ID
	case *Authenticated:
		return m.ID
	case *Permissions:
		return m.ID
	case *Pong:
		return m.ID
	}
	return ID{}
}
