package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/internal/fence"
)

// A Broker hands out locks. Make one with [New]. Its methods may be called concurrently.
type Broker struct {
	services
	upgrader   websocket.Upgrader
	origins    origins
	conns      *connLimit
	handshakes *handshakes
	client     clientFiles   // served to pages
	names      func() string // of sessions
	readers    floodSlots
	writers    floodSlots
	loop       *loop
	tokens     fence.Source

	life lifecycle
	over context.Context // ends when the loop has ended; sessions that are ending then hurry
	end  context.CancelFunc
}

// services are what every connection uses of its broker.
type services struct {
	config Config
	logs   *logLimits
	grants grantStatus
	inbox  *inbox
}

// ErrStarted is returned by a second call of [Broker.Run].
var ErrStarted = errors.New("broker: Run was called before")

// New makes a broker. It returns an error if the config is invalid or its StateDir cannot be used.
// Connections may be made at once; they wait until Run is called. New locks StateDir, and Run
// unlocks it at its end.
func New(config Config) (*Broker, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	b := &Broker{
		services: services{config: config, logs: newLogLimits(config.Logger), inbox: newInbox()},
		names:    newSessionNames().next,
		readers:  newFloodSlots(), writers: newFloodSlots(), upgrader: newUpgrader(),
	}
	b.over, b.end = context.WithCancel(context.Background())
	b.origins, err = parseOrigins(config.AllowOrigins, config.AllowedHosts)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	b.conns, b.handshakes = newConnLimit(&config), newHandshakes(&config, b.logs)
	if b.client, err = readClient(config.ClientFiles); err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	b.loop = newLoop(config, b.inbox)
	b.loop.refuse, b.loop.aside = b.refuse, b.life.goroutines.Go
	b.loop.grants, b.loop.logs = &b.grants, b.logs
	if b.tokens, err = openTokens(config); err != nil {
		return nil, err
	}
	return b, nil
}

// Run serves until ctx ends. Then it drains: it grants nothing more, refuses connections, and tells
// every client so. When no request holds, or when [Config].Drain is over, it closes every
// connection with code 1012, which releases every lock. It returns when all its goroutines have
// ended, within a few seconds more.
//
// The error is nil, or says why StateDir could not record the end of the run. The next run then
// treats this end as one that was not clean. After the last fencing token Run drains by itself and
// returns [ErrNoTokens]. A broker runs once: a second call of Run returns [ErrStarted].
//
// If the event loop is stuck for a minute, Run panics with the stacks of all goroutines, because
// nobody would get a lock again.
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
	b.logs.flush()
	return errors.Join(err, b.tokens.Close())
}

// refuse makes the broker refuse connections from now on.
func (b *Broker) refuse() { b.life.advance(phaseDraining) }
