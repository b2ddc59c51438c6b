package wsclient

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Locks travel in the context: each lock knows the one that it was asked for
// inside of, so the locks that enclose a call are a chain, innermost first.

// enclosing returns the innermost lock that ctx carries, or nil.
func enclosing(ctx context.Context) *Lock {
	l, _ := ctx.Value(lockKey{}).(*Lock)
	return l
}

// borrow takes from the enclosing locks what they cover, and returns the rest.
// It fails when a lock that would cover something is no longer held. The caller
// holds the client's mu.
func (l *Lock) borrow() (needed []wire.LockSpec, err error) {
	if l.outer == nil {
		return l.specs, nil
	}
	for _, spec := range l.specs {
		lender, err := l.outer.covering(l.client, spec)
		switch {
		case err != nil:
			return nil, err
		case lender == nil:
			needed = append(needed, spec)
		default:
			l.lenders = append(l.lenders, lender)
			if lender.borrowers == nil {
				lender.borrowers = make(map[*Lock]struct{})
			}
			lender.borrowers[l] = struct{}{}
		}
	}
	l.specs = needed
	return needed, nil
}

// covering returns the innermost of the chain that covers spec, or nil. An
// exclusive lock covers everything, a shared one what is shared no more closely.
// Whether its context has ended says nothing: the caller's may have.
func (l *Lock) covering(c *Client, spec wire.LockSpec) (*Lock, error) {
	for ; l != nil; l = l.outer {
		held, ok := l.own(c, spec.Name)
		if !ok {
			continue
		}
		if l.cause != nil {
			return nil, outerLost(l.cause)
		}
		if covers(held, spec) {
			return l, nil
		}
	}
	return nil, nil
}

// outerLost is the error of a call inside a lock that is not held any more.
func outerLost(cause error) error {
	return fmt.Errorf("the enclosing lock is no longer held: %w", cause)
}

// own returns how l itself holds the lock of that name, if it does.
func (l *Lock) own(c *Client, name string) (wire.LockSpec, bool) {
	if l.client == c {
		for _, spec := range l.specs {
			if spec.Name == name {
				return spec, true
			}
		}
	}
	return wire.LockSpec{}, false
}

func covers(held, wanted wire.LockSpec) bool {
	const none = wire.MaxLimit + 1
	return held.Mode == wire.Exclusive ||
		wanted.Mode == wire.Shared && held.Limit.Or(none) <= wanted.Limit.Or(none)
}

// around is the innermost of the chain that has a request of its own on c and was
// not released, or nil: what is asked for inside belongs to it while it is held,
// and is in vain once it is lost. The caller holds the client's mu.
func (l *Lock) around(c *Client) *Lock {
	for ; l != nil; l = l.outer {
		if l.client == c && l.request != nil && !errors.Is(l.cause, ErrReleased) {
			return l
		}
	}
	return nil
}

// ParentFrom returns the id that a program started with ctx gives as Parent, so that deadlocks are
// found across both: that of the innermost request around, or the zero ID without one. [Lock.ID] would
// be that of an outer one where the innermost lock was held already when it was asked for.
func ParentFrom(ctx context.Context) ID {
	for l := enclosing(ctx); l != nil; l = l.outer {
		l.client.mu.Lock()
		around := l.around(l.client) == l
		l.client.mu.Unlock()
		if around {
			return l.ID()
		}
	}
	return ID{}
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
