package wsclient

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Client is a connection to a broker. It is safe for concurrent use.
type Client struct {
	options Options
	conn    *conn
}

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
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	ctx, cancel := context.WithTimeout(ctx, helloWait)
	defer cancel()

	sent := time.Now()
	dialer := websocket.Dialer{
		NetDialContext:  o.NetDial,
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: o.TLS,
		Subprotocols:    []string{wire.Subprotocol},
		ReadBufferSize:  4096,
		WriteBufferSize: 4096,
	}
	ws, response, err := dialer.DialContext(ctx, target, o.Header)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", address, refusalOf(response, err))
	}
	conn, err := startConn(ctx, ws, sent)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	return &Client{options: o, conn: conn}, nil
}

func dialURL(address, label string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	if u.Scheme != "ws" && u.Scheme != "wss" {
		return "", fmt.Errorf("want a URL that begins with ws:// or wss://")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/ws"
	}
	query := u.Query()
	if !query.Has("client") {
		query.Set("client", label)
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
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

// Session is the name that the broker gave this connection. The ids of its
// requests begin with it.
func (c *Client) Session() string { return c.conn.hello.Session }

// Done is closed when the connection has ended for good, by Close or otherwise.
func (c *Client) Done() <-chan struct{} { return c.conn.done }

// Err is nil until Done is closed; then it says why: ErrClosed, or an error
// that is ErrConnection.
func (c *Client) Err() error {
	select {
	case <-c.conn.done:
		return c.conn.err
	default:
		return nil
	}
}

// Close ends the connection, which releases every lock and withdraws every
// waiting request. The contexts of held locks end first. It returns once
// no goroutine of the client is left, after a second or two at most. Closing
// again does nothing. The error is always nil; Close is an io.Closer.
func (c *Client) Close() error {
	c.conn.end(LostClosed, ErrClosed)
	c.conn.goroutines.Wait()
	return nil
}
