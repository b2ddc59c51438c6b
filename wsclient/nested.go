package wsclient

import "context"

// Locks travel in the context. Each lock knows the one that encloses its call, so the locks around a call are a
// chain, innermost first. The core decides what that means.

type lockKey struct{}

// enclosing returns the innermost lock that ctx carries, or nil.
func enclosing(ctx context.Context) *Lock {
	l, _ := ctx.Value(lockKey{}).(*Lock)
	return l
}

// outer returns the lock that encloses the call that made l, or nil.
func (l *Lock) outer() *Lock {
	if l.request.Outer == nil {
		return nil
	}
	return l.request.Outer.Owner.(*Lock)
}

// LockFrom returns the innermost lock that ctx carries, and whether there is one. The context that
// [Client.WithLock] passes to its function carries a lock. So does the result of [Lock.Context].
func LockFrom(ctx context.Context) (*Lock, bool) {
	l := enclosing(ctx)
	return l, l != nil
}

// ParentFrom returns the id that a program started inside the locks of ctx should use as Parent, so that the
// broker detects deadlocks across both programs. It is the id of the innermost request around, or the zero ID
// if there is none. Do not use [Lock.ID] instead: for a lock that enclosing calls already held, it may be the
// id of an outer request.
func ParentFrom(ctx context.Context) ID {
	for l := enclosing(ctx); l != nil; l = l.outer() {
		if l.isParent() {
			return l.ID()
		}
	}
	return ID{}
}

func (l *Lock) isParent() bool {
	l.client.mu.Lock()
	defer l.client.mu.Unlock()
	return l.client.core.IsParent(&l.request)
}
