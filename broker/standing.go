package broker

import (
	"context"
	"log/slog"

	"github.com/lockbroker/lockbroker/broker/internal/owner"
)

// stand waits until this broker is the owner of its cluster. It returns false if ctx ends before.
func (b *Broker) stand(ctx context.Context) bool {
	close(b.member.stands)
	b.life.goroutines.Go(func() { b.member.run(b.over) })
	following, end := context.WithCancel(ctx)
	b.life.goroutines.Go(func() { b.follow(following) })
	b.life.goroutines.Go(func() { b.logOwners(following) })
	isOwner := b.member.awaitOwnership(ctx)
	end()
	if !isOwner {
		return false
	}
	b.member.logTerm()
	return true
}

// isStandby waits for Run, or the end of ctx. It reports whether the broker is on standby.
func (b *Broker) isStandby(ctx context.Context) bool {
	if b.member == nil {
		return false
	}
	select {
	case <-b.member.stands:
	case <-ctx.Done():
	}
	return b.life.now() == phaseMade && b.member.isStanding()
}

// isStanding reports whether Run has been called, and this broker has not been the owner.
func (m *member) isStanding() bool {
	select {
	case <-m.stands:
	default:
		return false
	}
	return !m.isOwner()
}

// logOwners logs each owner that this broker sees while it is on standby.
func (b *Broker) logOwners(ctx context.Context) {
	m := b.member
	for logged := int64(0); ; {
		m.mu.Lock()
		of, changed := m.machine.Owner(), m.changed
		m.mu.Unlock()
		if isOther := of.ID != "" && of.ID != m.self.ID; isOther && of.Term != logged {
			logged = of.Term
			b.logs.write(slog.LevelInfo, "this broker is on standby",
				slog.String("owner", of.Address), slog.Int64("term", of.Term))
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// stopStandby ends a broker that has never served as the owner.
func (b *Broker) stopStandby() error {
	b.refuse()
	err := b.member.resign()
	b.end()
	b.life.advance(phaseStopped)
	b.life.goroutines.Wait()
	b.breather.close()
	b.logs.flush()
	return err
}

// resign waits until it is clear that this broker does not become the owner. If it does, it makes nobody the owner, so
// that another standby takes over at once. It says that it could not within stopWait.
func (m *member) resign() error {
	limit, end := context.WithTimeout(context.Background(), stopWait)
	defer end()
	for asked := false; ; {
		m.mu.Lock()
		isOwner, isBecoming, changed := m.term != 0, m.machine.IsBecoming(), m.changed
		mayBecome := isBecoming || m.isBetweenOwners()
		m.mu.Unlock()
		if !mayBecome {
			return nil
		}
		if isOwner && !asked {
			asked = true
			m.do(func(machine *owner.Machine, _ owner.Instant) { machine.Resign() })
		}
		select {
		case <-changed:
		case <-m.lost: // somebody else may take over now, or has
			return nil
		case <-limit.Done():
			if isBecoming {
				return errSlowStop
			}
			return nil
		}
	}
}
