package top

import (
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A LinkState is the state of the connection to the broker.
type LinkState struct {
	State wsclient.State
	Why   error // the reason for the state; may be nil
}

// A LinkFeed carries the latest LinkState from a client to [Run]. Create it with [NewLinkFeed].
type LinkFeed struct {
	latest chan LinkState
	state  wsclient.State // for the calls of the client, which come one after another
}

// NewLinkFeed returns a feed.
func NewLinkFeed() *LinkFeed {
	return &LinkFeed{latest: make(chan LinkState, 1), state: wsclient.Connected}
}

// OnState is for the field State of wsclient.Trace. It never waits: a new state replaces one that was not received.
func (f *LinkFeed) OnState(state wsclient.State, why error) {
	f.state = state
	select {
	case <-f.latest:
	default:
	}
	// There is room: the client makes one call at a time, and nothing else sends.
	f.latest <- LinkState{state, why}
}

// OnRenewalFailed is for the field RenewalFailed of wsclient.Trace. The view shows the error until the state changes.
func (f *LinkFeed) OnRenewalFailed(err error, _ time.Duration) {
	f.OnState(f.state, fmt.Errorf("at %s, could not %w", time.Now().Format(time.TimeOnly), err))
}
