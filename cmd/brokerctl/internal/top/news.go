package top

import "github.com/lockbroker/lockbroker/wsclient"

// News are how the connection stands, and why.
type News struct {
	State wsclient.State
	Why   error // may be nil
}

// A Wire brings the latest news from a client to [Run]. Make it with NewWire.
type Wire struct{ latest chan News }

// NewWire makes one.
func NewWire() *Wire { return &Wire{make(chan News, 1)} }

// Tell is for wsclient.Options.OnState. It never waits: news that nobody has
// heard are replaced.
func (w *Wire) Tell(state wsclient.State, why error) {
	select {
	case <-w.latest:
	default:
	}
	// There is room: calls come one after another, and nobody else sends.
	w.latest <- News{state, why}
}
