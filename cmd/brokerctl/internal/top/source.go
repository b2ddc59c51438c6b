package top

import (
	"context"
	"iter"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A Source reads locks and clients, and evicts requests. A *wsclient.Client is a Source, and documents the methods.
type Source interface {
	Info(ctx context.Context, options *wsclient.InfoOptions) iter.Seq2[wire.LockInfo, error]
	Clients(ctx context.Context, options *wsclient.ClientsOptions) iter.Seq2[wsclient.ClientInfo, error]
	WhyLock(ctx context.Context, name string) ([]wire.Step, error)
	Evict(ctx context.Context, request wsclient.ID, message string) error
	Session() string
	Err() error
}
