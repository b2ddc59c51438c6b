package load

import (
	"context"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A locker is what a goroutine asks for locks.
type locker interface {
	acquire(ctx context.Context, name string) (held, error)
}

// What is held is a [wsclient.Lock]; in tests, something worse.
type held interface {
	Context() context.Context
	Token() int64
	Release() error
}

// client asks a broker.
type client struct {
	*wsclient.Client
	options *wsclient.AcquireOptions
}

func (c client) acquire(ctx context.Context, name string) (held, error) {
	lock, err := c.Acquire(ctx, name, c.options)
	if err != nil {
		return nil, err
	}
	return lock, nil
}
