package wsclient

import (
	"context"
	"errors"

	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// A gaveUpError is the error of a call whose context ended before the call was done. errors.Is finds the cause of the
// context, its Err, and what stood in the way.
type gaveUpError struct {
	cause, err error  // of the context
	obstacle   string // what stood in the way, or ""
	also       error  // the same as an error, or nil
}

// Error returns the cause, and what stood in the way.
func (e *gaveUpError) Error() string {
	if e.obstacle == "" {
		return e.cause.Error()
	}
	return e.cause.Error() + "; " + e.obstacle
}

// Unwrap returns the errors that e wraps.
func (e *gaveUpError) Unwrap() []error {
	all := []error{e.cause, e.err}
	if e.also != nil {
		all = append(all, e.also)
	}
	return all
}

// contextError returns the error of a call whose context has ended. It is the cause itself if there is nothing to add.
func contextError(ctx context.Context) error {
	cause, err := context.Cause(ctx), ctx.Err()
	if errors.Is(cause, err) {
		return cause
	}
	return &gaveUpError{cause: cause, err: err}
}

// gaveUpFor returns the error of a call whose context has ended. obstacle, and if not nil also, say what stood in the
// way.
func gaveUpFor(ctx context.Context, obstacle string, also error) error {
	return &gaveUpError{context.Cause(ctx), ctx.Err(), obstacle, also}
}

const (
	aboutToStop = "the broker is about to stop"
	noAnswer    = "the broker has not answered"
)

// gaveUp returns the error of a request that was cancelled because ctx has ended.
func (l *Lock) gaveUp(ctx context.Context) error {
	c := l.client
	c.mu.Lock()
	state, pause, offline := c.core.State(), c.core.Pause(), error(nil)
	if state == core.StateConnecting {
		offline = c.offline()
	}
	c.mu.Unlock()
	switch {
	case offline != nil:
		return gaveUpFor(ctx, offline.Error(), offline)
	case state == core.StateDraining:
		return gaveUpFor(ctx, aboutToStop, nil)
	case state == core.StateNotGranting:
		return gaveUpFor(ctx, pauseText(pause), nil)
	case l.request.Once:
		return gaveUpFor(ctx, noAnswer, nil)
	}
	return gaveUpFor(ctx, l.whoHolds(), nil)
}
