package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// connectWait is how long a broker may take to answer.
const connectWait = 5 * time.Second

// target says which broker is meant; commands embed it.
type target struct {
	Host string `default:"127.0.0.1" env:"BROKERCTL_HOST" help:"Address or name of the broker."`
	Port uint16 `short:"p" default:"27002" env:"BROKERCTL_PORT" help:"TCP port of the broker."`
}

func (t target) address() string {
	return net.JoinHostPort(t.Host, strconv.Itoa(int(t.Port)))
}

func (t target) dial(ctx context.Context) (*wsclient.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	client, err := wsclient.Dial(ctx, "ws://"+t.address(), &wsclient.Options{NoReconnect: true})
	switch {
	case err == nil:
		return client, nil
	case errors.Is(err, context.DeadlineExceeded):
		return nil, unavailable("something listens at %s but does not answer (%w)", t.address(), err)
	case errors.Is(err, wsclient.ErrShuttingDown):
		return nil, unavailable("the broker at %s is stopping, and lets nobody in (%w)", t.address(), err)
	}
	return nil, t.unreachable(err)
}

// unavailable is the failure of a command that needs a broker.
func unavailable(format string, args ...any) error {
	return &cli.Failure{Err: fmt.Errorf(format, args...), Code: cli.ExitUnavailable}
}

// lostBroker says how a command ends because of err, which may be nil.
func lostBroker(err error) error {
	if errors.Is(err, wsclient.ErrConnection) {
		return unavailable("%w", err)
	}
	return err
}

// unreachable says, on one line and without a hint below it, what to check.
func (t target) unreachable(err error) error {
	return unavailable("no broker at %s; is brokerd running there? Check --host and --port (%w)", t.address(), err)
}
