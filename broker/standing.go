package broker

import (
	"context"
	"log/slog"
)

// stand waits until this broker is the owner of its cluster. It returns false if ctx ends before.
func (b *Broker) stand(ctx context.Context) bool {
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

// stopStandby ends a broker that has never been the owner.
func (b *Broker) stopStandby() error {
	b.refuse()
	b.end()
	b.life.advance(phaseStopped)
	b.life.goroutines.Wait()
	b.breather.close()
	b.logs.flush()
	return nil
}
