package broker

import (
	"context"
	"errors"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Status is what [Broker.Ping] returns about a broker that serves.
type Status struct {
	// Pause is why no lock is granted, or "".
	Pause wire.Pause
	// Left is how long the grace period or the drain may still last.
	Left time.Duration
	// HasTokens reports whether fencing tokens are reserved. If not, the broker could grant nothing
	// even without a grace period.
	HasTokens bool
}

var errLoopEnded = errors.New("broker: the event loop has ended")

// Ping waits until the event loop has done a round of its work, and returns its status. So an answer
// proves that the broker makes progress. Before [Broker.Run] is called, Ping waits. It returns an
// error if ctx ends first, or if the broker has stopped.
func (b *Broker) Ping(ctx context.Context) (Status, error) {
	answer := make(chan Status, 1)
	asked := b.loop.pings
	for {
		select {
		case asked <- answer:
			asked = nil
		case status := <-answer:
			return status, nil
		case <-b.over.Done():
			return Status{}, errLoopEnded
		case <-ctx.Done():
			return Status{}, ctx.Err()
		}
	}
}

// answerPing answers a Ping, unless ping is nil.
func (l *loop) answerPing(ping chan<- Status) {
	if ping == nil {
		return
	}
	now := l.now()
	s := Status{Pause: l.core.Pause(now), HasTokens: l.core.HasTokens()}
	switch {
	case l.core.IsDraining():
		s.Left = l.core.DrainLeft(now)
	case s.Pause == wire.PauseGrace:
		s.Left = time.Duration(l.core.GraceMS(now)) * time.Millisecond
	}
	ping <- s // it has room
}
