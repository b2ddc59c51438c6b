package load

import (
	"context"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A locker acquires locks for a worker.
type locker interface {
	acquire(ctx context.Context, name string) (held, error)
}

// A held is a lock that is held: a [wsclient.Lock], or a faulty one in tests.
type held interface {
	Context() context.Context
	Token() int64
	Release() error
}

// A client is a locker that uses a broker.
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
