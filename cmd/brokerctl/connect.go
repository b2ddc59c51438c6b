package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/user"
	"strconv"
	"time"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// connectWait is how long a broker may take to answer.
const connectWait = 5 * time.Second

// target says which broker is meant; commands embed it.
type target struct {
	Host string `default:"127.0.0.1" env:"BROKERCTL_HOST" help:"Address or name of the broker."`
	Port uint16 `short:"p" default:"27002" env:"BROKERCTL_PORT" help:"TCP port of the broker."`
	URL  string `name:"url" placeholder:"URL" env:"BROKERCTL_URL" help:"URL of the broker in place of host and port: ws:// or http://, or with TLS wss:// or https://."`
}

// AfterApply lets --host and --port beat a URL from the environment.
func (t *target) AfterApply(ctx *kong.Context) error {
	given := map[string]bool{}
	for _, p := range ctx.Path {
		if p.Flag != nil {
			given[p.Flag.Name] = true
		}
	}
	host, err := cli.Host(t.Host)
	if err != nil {
		return err
	}
	t.Host = host
	switch byPort := given["host"] || given["port"]; {
	case byPort && given["url"]:
		return errors.New("want either --url, or --host and --port")
	case byPort:
		t.URL = ""
	}
	return nil
}

// address is the URL of the broker.
func (t target) address() string {
	if t.URL != "" {
		return t.URL
	}
	return (&url.URL{Scheme: "ws", Host: t.shown()}).String()
}

// shown is the address as it may be shown: there may be secrets in a URL.
func (t target) shown() string {
	if t.URL == "" {
		return net.JoinHostPort(t.Host, strconv.Itoa(int(t.Port)))
	}
	if u, err := url.Parse(t.URL); err == nil {
		return u.Host
	}
	return "that URL"
}

// dial connects once: where nothing waits, nobody wants to wait for a broker.
func (t target) dial(ctx context.Context) (*wsclient.Client, error) {
	return t.dialWith(ctx, wsclient.Options{NoReconnect: true})
}

func (t target) dialWith(ctx context.Context, options wsclient.Options) (*wsclient.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	options.Label = label()
	client, err := wsclient.Dial(ctx, t.address(), &options)
	if err != nil {
		return nil, t.unreachable(err)
	}
	return client, nil
}

// label says who runs brokerctl: other people read it in the listing, and where
// an operator has ended their requests. A system may have names that are no text.
func label() string {
	name, host := "", "unknown"
	if u, err := user.Current(); err == nil {
		name = printable.Text(u.Username) + "@"
	}
	if h, err := os.Hostname(); err == nil {
		host = printable.Text(h)
	}
	return fmt.Sprintf("brokerctl:%d %s%s", os.Getpid(), name, host)
}

// unavailable is the failure of a command that needs a broker.
func unavailable(format string, args ...any) error {
	return &cli.Failure{Err: fmt.Errorf(format, args...), Code: cli.ExitUnavailable}
}

// lostBroker says how a command ends because of err, which may be nil.
func lostBroker(err error) error {
	switch {
	case errors.Is(err, wsclient.ErrConnection):
		return unavailable("%w", err)
	case errors.Is(err, wsclient.ErrForbidden):
		return &cli.Failure{Err: err, Code: exitForbidden}
	}
	return err
}

// pause is why the broker grants nothing to anyone at the moment, in words; "" while it
// grants.
func pause(client *wsclient.Client) string {
	refusal := new(wsclient.Error)
	if !errors.As(client.NotGranting(), &refusal) {
		return ""
	}
	return refusal.Message
}
