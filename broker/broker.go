package broker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/gorilla/websocket"
)

// A Broker hands out locks. Make one with [New]. Its methods may be called
// concurrently.
type Broker struct {
	config   Config
	upgrader websocket.Upgrader
	names    func() string // of sessions
	inbox    *inbox
	loop     *loop

	started atomic.Bool
	ready   atomic.Bool

	mu       sync.Mutex
	stopped  bool
	sessions sync.WaitGroup // their goroutines
}

// ErrStarted is returned by a second Run.
var ErrStarted = errors.New("broker: Run was called before")

// New makes a broker, or says what is wrong with the config. It does nothing
// until Run is called, except that connections may already be made and wait.
func New(config Config) (*Broker, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	b := &Broker{config: config, names: newSessionNames().next, inbox: newInbox(), upgrader: newUpgrader()}
	b.loop = newLoop(config, b.inbox)
	return b, nil
}

// Run serves until ctx ends. Then it closes every connection with code 1012,
// which releases every lock, and returns nil when no goroutine of it is left,
// within a few seconds. A broker runs once: a second Run returns [ErrStarted].
func (b *Broker) Run(ctx context.Context) error {
	if b.started.Swap(true) {
		return ErrStarted
	}
	b.ready.Store(true)
	b.loop.run(ctx)
	b.ready.Store(false)

	b.mu.Lock()
	b.stopped = true
	b.mu.Unlock()
	b.sessions.Wait()
	return nil
}

func (b *Broker) hasStopped() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stopped
}

// serve runs a session on its own goroutines, unless the broker has stopped.
func (b *Broker) serve(s *session) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return false
	}
	b.sessions.Go(s.run)
	return true
}
