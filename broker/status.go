package broker

import (
	"context"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Status says whether a broker that serves grants locks.
type Status struct {
	// Standby is true if the broker is one of several, and not the owner. The other fields are then zero.
	Standby bool
	// Pause is why no lock is granted, or "".
	Pause wire.Pause
	// Left is how long the grace period or the drain may still last.
	Left time.Duration
	// HasTokens reports whether fencing tokens are reserved. If not, the broker could grant nothing
	// even without a grace period.
	HasTokens bool
}

// Status asks the event loop whether it grants locks. Like [Broker.Ping], it proves that the loop makes
// progress, waits for Run, and returns the same errors. On standby there is no loop to ask.
func (b *Broker) Status(ctx context.Context) (Status, error) {
	if b.isStandby(ctx) {
		return Status{Standby: true}, nil
	}
	var s Status
	if err := b.ask(ctx, func(l *loop) { s = l.status() }); err != nil {
		return Status{}, err // the loop may still write to s
	}
	return s, nil
}

// status returns the answer to Status.
func (l *loop) status() Status {
	now := l.now()
	s := Status{Pause: l.core.Pause(now), HasTokens: l.core.HasTokens()}
	switch {
	case l.core.IsDraining():
		s.Left = l.core.DrainLeft(now)
	case s.Pause == wire.PauseGrace:
		s.Left = time.Duration(l.core.GraceMS(now)) * time.Millisecond
	}
	return s
}
