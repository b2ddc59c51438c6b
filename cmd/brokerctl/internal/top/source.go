package top

import (
	"context"
	"iter"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A Source is where locks are read and requests are ended. A *wsclient.Client is
// one, and the methods are described there.
type Source interface {
	Info(ctx context.Context, options *wsclient.InfoOptions) iter.Seq2[wire.LockInfo, error]
	WhyLock(ctx context.Context, name string) ([]wire.Step, error)
	Evict(ctx context.Context, request wsclient.ID, message string) error
	Session() string
	Err() error
}
