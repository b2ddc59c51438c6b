package wsclient

import (
	"context"
	"errors"
	"fmt"
)

// Release ends the context of the lock, releases the lock, and returns when the broker has confirmed it. If
// the lock was held until the release, the error is nil. If it was lost before, the error is a *[LostError].
// Releasing again returns the same error. Release does not wait for the broker before MinHold in [AcquireOptions]
// has passed, nor with AsyncRelease there.
func (l *Lock) Release() error { return l.ReleaseContext(context.Background()) }

// ReleaseContext is Release, but stops waiting for the broker when ctx ends, even if ctx has ended before the
// call. Then the error wraps the cause of ctx and its Err. The lock is released all the same: its context has
// ended, the message is on its way, and the broker frees the lock when it reads the message or when the
// connection ends. Only the confirmation is missing, so it is not known whether the lock was held until the
// release. Releasing again waits for the confirmation again.
func (l *Lock) ReleaseContext(ctx context.Context) error {
	l.giveBack()
	for {
		if over, err := l.outcome(); over {
			l.wake() // the next of those that wait for the release
			return err
		}
		if !l.isWoken(ctx.Done()) {
			return l.unconfirmed(ctx)
		}
	}
}

// isWoken waits until the caller must look at the request again. It returns false if done is closed first.
func (l *Lock) isWoken(done <-chan struct{}) bool {
	if done == nil { // a select takes longer
		<-l.changed
		return true
	}
	select {
	case <-l.changed:
		return true
	case <-done:
		return false
	}
}

// unconfirmed returns the error of a release that the broker has not confirmed before ctx has ended.
func (l *Lock) unconfirmed(ctx context.Context) error {
	if over, err := l.outcome(); over {
		return err
	}
	var names []string
	for _, spec := range l.request.What.Locks {
		names = append(names, spec.Name)
	}
	return fmt.Errorf("release %s (%s): the broker has not confirmed it yet: %w", lockNames(names), l.ID(),
		contextError(ctx))
}

// giveBack releases the lock, unless it was released or lost before.
func (l *Lock) giveBack() {
	c := l.client
	c.mu.Lock()
	defer c.unlock()
	at := c.clock.latest // otherwise the time does not matter
	switch {
	case l.request.MinHold > 0:
		at = c.clock.now()
	case l.request.Async: // if quick misses a suspension, the end of the connection will show it
		at = c.clock.quick()
	}
	c.core.Release(&l.request, at) // what happens to a lender later does not matter to l
	l.early = l.early || l.request.IsReleasedEarly()
}

// outcome reports whether the release is over, and why the lock was lost before its release.
func (l *Lock) outcome() (over bool, err error) {
	l.client.mu.Lock()
	defer l.client.mu.Unlock()
	if !l.early && !l.request.IsCovered() { // what happens after an early release does not matter to l
		if l.request.End() == nil {
			return false, nil
		}
		if err := l.client.errorOf(l.request.End()); err != nil {
			return true, err
		}
	}
	if _, lost := errors.AsType[*LostError](l.cause); lost {
		return true, l.cause
	}
	return true, nil
}
