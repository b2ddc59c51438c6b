package broker

import "sync"

// A phase is a stage in a broker's life. A broker enters them in this order, and never goes back.
type phase int

const (
	phaseMade     phase = iota // New has returned; connections are accepted and wait for Run
	phaseServing               // Run serves
	phaseDraining              // no lock is granted, and only connections that inspect are accepted
	phaseStopped               // the loop has ended, and no session may start
)

// A lifecycle holds the phase of a broker, and counts the goroutines that Run waits for.
type lifecycle struct {
	mu    sync.Mutex
	phase phase

	goroutines sync.WaitGroup // of the sessions, the watchdog, and what the loop runs aside
}

// advance enters a later phase. It reports false if the broker is already in that phase or a later
// one.
func (c *lifecycle) advance(to phase) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase >= to {
		return false
	}
	c.phase = to
	return true
}

// now returns the current phase.
func (c *lifecycle) now() phase {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.phase
}

// accepts reports whether a new connection may open. While the broker drains, only a connection
// that inspects it may.
func (c *lifecycle) accepts(inspects bool) bool {
	now := c.now()
	return now < phaseDraining || now == phaseDraining && inspects
}

// startSession runs a session on its own goroutine. It reports false if the broker has stopped,
// because Run might no longer wait for that goroutine.
func (c *lifecycle) startSession(run func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase == phaseStopped {
		return false
	}
	c.goroutines.Go(run)
	return true
}
