package wsclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// helloWait is how long a broker may take to answer, where ctx allows longer.
const helloWait = 10 * time.Second

// Dial connects to the broker at address, for example ws://127.0.0.1:27002; the
// path /ws is added where there is none. It returns once the broker has said
// hello, or an error when it has not after 10 s or when ctx ends. A nil options
// is the zero Options. The client is to be closed.
func Dial(ctx context.Context, address string, options *Options) (*Client, error) {
	var o Options
	if options != nil {
		o = *options
	}
	if o.Label == "" {
		o.Label = defaultLabel()
	}
	target, err := dialURL(address, o.Label)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	conn, err := connect(ctx, target, o)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", printable(target), err)
	}
	return &Client{options: o, conn: conn}, nil
}

func connect(ctx context.Context, target *url.URL, o Options) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, helloWait)
	defer cancel()
	var l link
	dialer := websocket.Dialer{
		NetDialContext:  l.dialer(o.NetDial),
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: o.TLS,
		Subprotocols:    []string{wire.Subprotocol},
		ReadBufferSize:  4096,
		WriteBufferSize: 4096,
	}
	ws, response, err := dialer.DialContext(ctx, target.String(), o.Header)
	if err != nil {
		return nil, refusalOf(response, err)
	}
	return startConn(ctx, ws, l)
}

// A link is the network connection below the WebSocket.
type link struct {
	net.Conn
	made time.Time
}

type netDial func(ctx context.Context, network, address string) (net.Conn, error)

// dialer returns dial such that l is what it has made.
func (l *link) dialer(dial netDial) netDial {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		*l = link{Conn: conn, made: time.Now()}
		return conn, err
	}
}

// dialURL makes the URL to dial. Its errors do not quote the address: there may
// be a password in any part of one that is malformed.
func dialURL(address, label string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("the address is not a valid URL")
	case u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "":
		return nil, errors.New("want a URL that begins with ws:// or wss://")
	case u.User != nil:
		return nil, errors.New("a user in the URL is not supported: send an Authorization header instead")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/ws"
	}
	query := u.Query()
	if !query.Has("client") {
		query.Set("client", label)
	}
	u.RawQuery = query.Encode()
	return u, nil
}

// printable is the part of u that holds no secrets.
func printable(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// refusalOf adds what the broker said to a failed handshake.
func refusalOf(response *http.Response, err error) error {
	if response == nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	said := make([]byte, 256)
	n, _ := response.Body.Read(said)
	return fmt.Errorf("%w: %s: %.*q", err, response.Status, n, said[:n])
}
