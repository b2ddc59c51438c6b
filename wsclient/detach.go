package wsclient

import "context"

// Detach returns a context for work that must not be inside the locks of ctx, such as goroutines that must wait
// for one another:
//
//	client.WithLock(ctx, "import", nil, func(ctx context.Context) error {
//		for _, file := range files {
//			group.Go(func() error {
//				return copyFile(wsclient.Detach(ctx), file) // may use WithLock to copy one at a time
//			})
//		}
//		return group.Wait()
//	})
//
// It has the values of ctx, but carries none of its locks. It ends when the context ends that was given to the
// outermost WithLock or Acquire around, for the same cause and with the same deadline. It does not end when a lock
// is released or lost, nor when a context that was derived inside a lock ends. If ctx carries no lock, Detach returns
// ctx.
//
// A call with the new context looks like a call of another program. If it requests a lock that ctx carries, it waits
// until that lock is released. The broker cannot detect that the holder waits for the call.
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
