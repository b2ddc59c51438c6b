package broker

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/internal/fence"
)

// A Broker hands out locks. Make one with [New]. Its methods may be called
// concurrently.
type Broker struct {
	config     Config
	upgrader   websocket.Upgrader
	origins    origins
	door       *door
	lines      *lines // of the log
	handshakes *handshakes
	client     clientFiles   // served to pages
	names      func() string // of sessions
	inbox      *inbox
	readers    gate
	writers    gate
	loop       *loop
	tokens     fence.Source
	standing   standing

	life lifecycle
	over context.Context // ends when the loop has ended; sessions that are ending then hurry
	end  context.CancelFunc
}

// ErrStarted is returned by a second Run.
var ErrStarted = errors.New("broker: Run was called before")

// New makes a broker, or says what is wrong with the config or its StateDir. It
// does nothing until Run is called, except that connections may already be made
// and wait, and that StateDir is taken: Run gives it back.
func New(config Config) (*Broker, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	b := &Broker{
		config: config, names: newSessionNames().next, inbox: newInbox(),
		readers: newGate(), writers: newGate(), upgrader: newUpgrader(),
	}
	b.over, b.end = context.WithCancel(context.Background())
	b.origins, err = parseOrigins(config.AllowOrigins, config.AllowedHosts)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	b.lines = newLines(config.Logger)
	b.door, b.handshakes = newDoor(&config), newHandshakes(&config, b.lines)
	if b.client, err = theClient(); err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	b.loop = newLoop(config, b.inbox)
	b.loop.refuse, b.loop.aside, b.loop.standing = b.refuse, b.life.goroutines.Go, &b.standing
	b.loop.lines = b.lines
	b.tokens, err = openTokens(config)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Run serves until ctx ends. Then it grants nothing more, refuses connections,
// and tells every client so; when nothing is held any more, or when
// [Config].Drain is over, it closes every connection with code 1012, which
// releases every lock. It returns when no goroutine of it is left, within a few
// seconds more. The error is nil, or says why StateDir does not know how the run
// has ended, which counts as an end that was not clean. [ErrNoTokens] ends
// Run as the end of ctx does. A broker runs once: a second Run returns
// [ErrStarted]. Should the event loop be stuck for a minute, Run panics with
// the stacks of all goroutines: nobody would get a lock any more.
func (b *Broker) Run(ctx context.Context) error {
	if !b.life.advance(phaseServing) {
		return ErrStarted
	}
	ended := make(chan struct{})
	b.life.goroutines.Go(func() { b.loop.watchdog.watch(ended, abort) })
	err := b.loop.run(ctx, b.tokens)
	close(ended)
	b.refuse()
	b.end()
	b.life.advance(phaseStopped)
	b.life.goroutines.Wait()
	b.lines.flush()
	return errors.Join(err, b.tokens.Close())
}

// refuse lets nobody in any more.
func (b *Broker) refuse() { b.life.advance(phaseDraining) }

// serve runs a session from that address on its own goroutines, unless the broker has stopped.
func (b *Broker) serve(s *session, address netip.Prefix) bool {
	return b.life.startSession(func() {
		defer b.door.leave(address)
		s.run(b.over)
	})
}
