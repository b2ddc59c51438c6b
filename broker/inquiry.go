package broker

import (
	"context"
	"errors"
)

// ErrNotRunning is returned by [Broker.Ping] if the broker has stopped.
var ErrNotRunning = errors.New("broker: the broker has stopped")

// An inquiry is something that another goroutine wants to know from the loop.
type inquiry struct {
	ask      func(*loop)
	answered chan struct{}
}

// answer answers the inquiry. The loop calls it.
func (q *inquiry) answer(l *loop) {
	q.ask(l)
	close(q.answered)
}

// ask lets the loop call a function between two items, and waits until it has done so. The function must
// only read what the loop knows, and take less than a slice. If ask returns an error, the loop may call the
// function later, or never.
func (b *Broker) ask(ctx context.Context, f func(*loop)) error {
	q := &inquiry{f, make(chan struct{})}
	if !b.inbox.put(item{what: q}) {
		return ErrNotRunning
	}
	select {
	case <-q.answered:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-b.over.Done():
	}
	select {
	case <-q.answered:
		return nil
	default:
		return ErrNotRunning
	}
}

// Ping waits until the event loop answers. While the broker serves, that takes a few milliseconds at
// most. Before Run is called, Ping waits. It returns the cause of ctx when ctx ends, and [ErrNotRunning] once
// Run has ended.
func (b *Broker) Ping(ctx context.Context) error { return b.ask(ctx, func(*loop) {}) }
