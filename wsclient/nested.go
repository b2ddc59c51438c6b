package wsclient

import (
	"context"
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
// It fails when a lock that would cover something is no longer held.
func (l *Lock) borrow(outer *Lock) (needed []wire.LockSpec, err error) {
	for _, spec := range l.specs {
		lender, err := outer.covering(l.client, spec)
		switch {
		case err != nil:
			return nil, err
		case lender == nil:
			needed = append(needed, spec)
		default:
			l.lend(lender)
		}
	}
	l.specs = needed
	return needed, nil
}

// lend makes l depend on lender: it is lost when lender is.
func (l *Lock) lend(lender *Lock) {
	l.lenders = append(l.lenders, lender)
	l.unlink = append(l.unlink, context.AfterFunc(lender.ctx, func() {
		l.stop(context.Cause(lender.ctx))
	}))
}

// lenderLoss returns how a lender was lost, if one was. It looks at requests and
// not at contexts: those may have ended for another reason before.
func (l *Lock) lenderLoss() error {
	for _, lender := range l.lenders {
		if err := lender.loss(); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lock) loss() error {
	if r := l.request; r != nil && isDone(r.ended) && r.err != nil {
		return r.err
	}
	return l.lenderLoss()
}

// covering returns the innermost of the chain that covers spec, or nil. An
// exclusive lock covers everything, a shared one what is shared no more closely.
func (l *Lock) covering(c *Client, spec wire.LockSpec) (*Lock, error) {
	for ; l != nil; l = l.outer {
		held, ok := l.own(c, spec.Name)
		if !ok {
			continue
		}
		if l.ctx.Err() != nil {
			return nil, fmt.Errorf("the enclosing lock is no longer held: %w", context.Cause(l.ctx))
		}
		if covers(held, spec) {
			return l, nil
		}
	}
	return nil, nil
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

// parent is the id of the innermost request of the chain that is held on c.
func (l *Lock) parent(c *Client) wire.ID {
	for ; l != nil; l = l.outer {
		if l.client == c && l.request != nil && l.ctx.Err() == nil {
			return l.request.id
		}
	}
	return wire.ID{}
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
