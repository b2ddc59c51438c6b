package main

import (
	"context"
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
	if err != nil {
		return nil, t.unreachable(err)
	}
	return client, nil
}

// unreachable says, on one line and without a hint below it, what to check.
func (t target) unreachable(err error) error {
	return &cli.Failure{
		Err:  fmt.Errorf("no broker at %s; is brokerd running there? Check --host and --port (%w)", t.address(), err),
		Code: cli.ExitUnavailable,
	}
}
