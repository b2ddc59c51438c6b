package top

import "github.com/lockbroker/lockbroker/wsclient"

// A LinkState is the state of the connection to the broker.
type LinkState struct {
	State wsclient.State
	Why   error // the reason for the state; may be nil
}

// A LinkFeed carries the latest LinkState from a client to [Run]. Create it with [NewLinkFeed].
type LinkFeed struct{ latest chan LinkState }

// NewLinkFeed returns a feed.
func NewLinkFeed() *LinkFeed { return &LinkFeed{make(chan LinkState, 1)} }

// OnState is for the field State of wsclient.Trace. It never waits: a new state replaces one that was not received.
func (f *LinkFeed) OnState(state wsclient.State, why error) {
	select {
	case <-f.latest:
	default:
	}
	// There is room: the client makes one call at a time, and nothing else sends.
	f.latest <- LinkState{state, why}
}
