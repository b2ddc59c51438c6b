package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/broker/wire/urllist"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// connectTimeout is how long connecting may take.
const connectTimeout = 5 * time.Second

// target is the broker that a command talks to. Commands embed it.
type target struct {
	Host    string   `global:"" default:"127.0.0.1" env:"BROKERCTL_HOST" help:"Address or name of the broker."`
	Port    uint16   `global:"" short:"p" default:"27002" env:"BROKERCTL_PORT" help:"TCP port of the broker."`
	URL     string   `global:"" name:"url" placeholder:"URL" env:"BROKERCTL_URL" help:"URL of the broker instead of host and port: ws:// or http://, with TLS wss:// or https://, or unix:/PATH for a Unix socket. If the path is empty or ends with a slash, ws is added to it, as in https://example.com/locks/. Several URLs with commas in between are tried in turn."`
	NoProxy bool     `global:"" name:"no-proxy" env:"BROKERCTL_NO_PROXY" help:"Connect directly, whatever HTTP_PROXY and HTTPS_PROXY name."`
	Header  []string `global:"" sep:"none" placeholder:"FIELD" env:"BROKERCTL_HEADER" help:"HTTP header field to send when connecting: 'Name: value', or @FILE to read fields from a file, one per line. May be repeated. Others see flags in ps, so keep secrets in a file or the environment."`
	authentication
	CA string `global:"" name:"ca" placeholder:"FILE" env:"BROKERCTL_CA" help:"PEM file of the certificate authorities to trust with TLS. Default: the system's authorities."`
}

// AfterApply checks the flags. --host and --port take precedence over a URL from the environment.
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
	for _, name := range []string{"ca", "cert", "key", "server-name"} {
		if given[name] && !t.usesTLS() {
			return fmt.Errorf("--%s: want a --url that begins with wss:// or https://", name)
		}
	}
	return t.authentication.check(given)
}

// brokerURL returns the URL of the broker, or a list. It may contain secrets.
func (t target) brokerURL() string {
	if t.URL != "" {
		return t.URL
	}
	return (&url.URL{Scheme: "ws", Host: t.hostPort()}).String()
}

// hostPort returns the host and port of the broker, or of each, for messages. It contains no secrets.
func (t target) hostPort() string {
	if t.URL == "" {
		return net.JoinHostPort(t.Host, strconv.Itoa(int(t.Port)))
	}
	var all []string
	for _, address := range urllist.Split(t.URL) {
		u, err := url.Parse(address)
		switch {
		case err != nil:
			all = append(all, "that URL")
		case u.Scheme == "unix":
			all = append(all, "unix:"+u.Path)
		default:
			all = append(all, u.Host)
		}
	}
	return strings.Join(all, ", ")
}

// hasSeveral reports whether there are several URLs.
func (t target) hasSeveral() bool { return len(urllist.Split(t.URL)) > 1 }

// usesTLS reports whether a URL asks for TLS.
func (t target) usesTLS() bool {
	return slices.ContainsFunc(urllist.Split(t.URL), func(address string) bool {
		u, err := url.Parse(address)
		return err == nil && (u.Scheme == "wss" || u.Scheme == "https")
	})
}

// dial connects. The client does not reconnect, so that the user sees a lost connection as an error.
func (t target) dial(ctx context.Context) (*wsclient.Client, error) {
	return t.dialWith(ctx, wsclient.Options{NoReconnect: true})
}

func (t target) dialWith(ctx context.Context, options wsclient.Options) (*wsclient.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := t.complete(&options); err != nil {
		return nil, &cli.Failure{Err: err, Code: cli.ExitUsage}
	}
	client, err := wsclient.Dial(ctx, t.brokerURL(), &options)
	if err != nil {
		return nil, t.dialFailure(err)
	}
	return client, nil
}

// complete sets the options that the flags and this process determine.
func (t target) complete(options *wsclient.Options) (err error) {
	options.Label, options.NoProxy = clientLabel(), t.NoProxy
	if options.Header, err = headerOf(t.Header); err != nil {
		return err
	}
	if options.Header.Get("User-Agent") == "" {
		options.Header.Set("User-Agent", "brokerctl")
	}
	if options.Token, err = t.source(options.Header); err != nil {
		return err
	}
	if options.Token != nil {
		reportRenewals(options)
	}
	if !t.usesTLS() {
		return nil
	}
	options.TLS, err = t.tlsConfig(t.CA)
	return err
}

// clientLabel says who runs brokerctl. The listing shows it, and a client that is evicted sees it. User and host names
// may contain bytes that are not printable.
func clientLabel() string {
	name, host := "", "unknown"
	if u, err := user.Current(); err == nil {
		name = printable.Text(u.Username) + "@"
	}
	if h, err := os.Hostname(); err == nil {
		host = printable.Text(h)
	}
	return fmt.Sprintf("brokerctl:%d %s%s", os.Getpid(), name, host)
}

// brokerFailure adds the exit code to an error of a call to the broker. It returns nil for nil, and a failure as it is.
func brokerFailure(err error) error {
	switch {
	case errors.As(err, new(*cli.Failure)): // of dial, which has a hint
		return err
	case errors.Is(err, wsclient.ErrConnection):
		return &cli.Failure{Err: err, Code: cli.ExitUnavailable}
	case errors.Is(err, wsclient.ErrForbidden):
		return &cli.Failure{Err: err, Code: exitForbidden}
	}
	return err
}

// ownerOf says which of several brokers serves the client. It returns "" if the broker is alone.
func ownerOf(client *wsclient.Client) string {
	url, term := client.Owner()
	if url == "" {
		return ""
	}
	return fmt.Sprintf("the owner is %s (term %d)", printable.Text(url), term)
}

// notGranting returns why the broker grants nothing to anyone now, or "" if it grants.
func notGranting(client *wsclient.Client) string {
	refusal := new(wsclient.Error)
	if !errors.As(client.NotGranting(), &refusal) {
		return ""
	}
	return refusal.Message
}
