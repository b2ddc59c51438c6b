package broker

import "context"

// stand waits until this broker is the owner of its cluster. It returns false if ctx ends before.
func (b *Broker) stand(ctx context.Context) bool {
	b.life.goroutines.Go(func() { b.member.run(b.over) })
	following, end := context.WithCancel(ctx)
	b.life.goroutines.Go(func() { b.follow(following) })
	isOwner := b.member.awaitOwnership(ctx)
	end()
	if !isOwner {
		return false
	}
	b.member.logTerm()
	return true
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
