package wsclient

import "context"

// Detach returns a context for work that must not be inside the locks of ctx: work that goes on after they are
// released, or that must wait for its own turn to hold them:
//
//	client.WithLock(ctx, "mailbox", nil, func(ctx context.Context) error {
//		for _, letter := range fetch(ctx) {
//			go answer(wsclient.Detach(ctx), letter) // calls WithLock for "mailbox" to send the answer
//		}
//		return nil
//	})
//
// With ctx itself, all the calls in answer would be inside the lock. They would run at once until it is released, and
// fail after that.
//
// The new context has the values of ctx, and carries none of its locks. It ends with the context that was given to the
// outermost WithLock or Acquire, with the same cause and deadline. It does not end when a lock is released or lost,
// or when a context ends that was derived inside a lock. If ctx carries no lock, Detach returns ctx.
//
// ATTENTION: If the context of Acquire ends soon, because it is meant to limit the wait, the detached context ends with
// it, although the context of the lock goes on. Limit the wait with Wait in [AcquireOptions] instead.
//
// The function under a lock must not wait for detached work that requests the same lock: that work waits until the lock
// is released, and the broker cannot detect the deadlock.
func Detach(ctx context.Context) context.Context {
	outermost := enclosing(ctx)
	if outermost == nil {
		return ctx
	}
	for outer := outermost.outer(); outer != nil; outer = outer.outer() {
		outermost = outer
	}
	return detached{Context: outermost.base, values: context.WithoutCancel(ctx)}
}

// A detached context ends with one context and has the values of another.
type detached struct {
	context.Context
	values context.Context
}

// Value returns the value of key. Package context also uses Value to find the context that a context ends with;
// values, which never ends, has no answer to that.
func (d detached) Value(key any) any {
	if _, ok := key.(lockKey); ok {
		return nil
	}
	if value := d.values.Value(key); value != nil {
		return value
	}
	return d.Context.Value(key)
}
