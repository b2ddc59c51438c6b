package wsclient

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
	"github.com/lockbroker/lockbroker/wsclient/internal/retry"
)

// helloWait is how long a broker may take to answer, if ctx allows longer.
const helloWait = 10 * time.Second

// tokenWait is how long Options.Token may take to renew a credential.
const tokenWait = helloWait

// Dial connects to the broker at address, for example ws://127.0.0.1:27002. http:// and https:// mean the
// same as ws:// and wss://. If the path is empty or ends with a slash, Dial adds ws to it: https://host/locks/
// stands for wss://host/locks/ws. Any other path is used as it is. unix:/path and unix:///path stand for the
// Unix socket at /path, on which Dial asks for /ws, without a proxy. Dial adds the label to the query, as
// client=..., and does not change the query otherwise. It refuses an address with a user or a fragment. It
// uses the proxies of HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as [http.ProxyFromEnvironment] does, unless
// [Options].NoProxy is set. If options is nil, Dial uses the zero Options.
//
// The address may be a list: ws://a:27002,ws://b:27002. Each address must begin with its scheme. The client tries
// them in turn, beginning with the one that worked last, or with the next one if the broker there has fallen silent. It
// pauses when it has tried all of them. The name of a
// host may stand for several IP addresses. If what listens at one of them refuses the client, it tries the others,
// unless NetDial in [Options] or a proxy connects to the host.
//
// Dial returns when the hello of the broker has arrived. It fails if that takes longer than 10 s for each address,
// or if ctx ends. With [Options].WaitForBroker it retries until ctx ends or all addresses refuse it for good.
//
// If the address or the options cannot be used, the error is ErrBadRequest. If Dial cannot connect, the error is
// ErrConnection, names the URL without its query, and wraps a *[DialError], which says why and what answered
// instead of the broker, or in between. If the broker refuses the client, the error is also ErrForbidden (the
// credentials are missing, wrong or insufficient), ErrShuttingDown or ErrTooMany. If ctx ends, the error wraps
// its cause and its Err.
//
// The caller must close the client.
func Dial(ctx context.Context, address string, options *Options) (*Client, error) {
	var o Options
	if options != nil {
		o = *options
	}
	if o.Label == "" {
		o.Label = defaultLabel()
	}
	targets, err := parseEndpoints(address, &o)
	if err == nil {
		err = o.checkCredentials()
	}
	if err != nil {
		return nil, fmt.Errorf("dial: %w", badRequest(err))
	}
	c := newClient(targets, o)
	conn, err := c.first(ctx)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	c.supervisor.Go(func() { c.supervise(conn) })
	return c, nil
}

// first makes the first connection.
func (c *Client) first(ctx context.Context) (*conn, error) {
	var pauses retry.Backoff
	for attempts := 0; ; {
		conn, failed := c.tryAll(ctx, &attempts)
		switch {
		case failed == nil:
			return conn, nil
		case !c.options.WaitForBroker || failed.isFinal || ctx.Err() != nil:
			c.tracer.dialFailed(attempts, failed.lastErr(), noNext)
			return nil, failed.err()
		}
		pause := pauses.Next(0, rand.Float64())
		c.tracer.dialFailed(attempts, failed.lastErr(), pause)
		c.reportState(Connecting, failed.lastErr())
		if cause := sleep(ctx, pause); cause != nil {
			return nil, fmt.Errorf("dial %s: %w (%w)", failed.target, cause, failed.last)
		}
	}
}

// connect makes a connection to target within that time. It does not start the goroutines of the connection.
func (c *Client) connect(ctx context.Context, target endpoint, within time.Duration, hosts *hostAddresses) (
	*conn, *DialError,
) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	header, err := c.header(ctx)
	if err != nil {
		return nil, &DialError{Err: err}
	}
	l := link{keep: func() bool { return true }}
	try := &attempt{target: target.url, header: header, link: &l}
	o := c.options
	dial := o.NetDial
	if dial == nil {
		dial = hosts.dial
	}
	dialer := websocket.Dialer{
		NetDialContext:  l.dialer(ctx, &c.clock, target.dialer(dial)),
		TLSClientConfig: o.TLS,
		Subprotocols:    []string{wire.Subprotocol},
		ReadBufferSize:  4096,
		WriteBufferSize: 1, // the library writes only control frames, which need none
	}
	if target.socket == "" && !o.NoProxy {
		dialer.Proxy = try.findProxy
	}
	var conn *conn
	ws, response, err := dialer.DialContext(ctx, target.url.String(), header)
	if err != nil {
		try.response = response
	} else {
		l.greeting.end()
		try.opened = true
		conn, err = newConn(c, ws, l)
	}
	if try.proxy != nil {
		hosts.used = "" // it was the proxy that was dialled
	}
	if !l.keep() && try.response == nil { // ctx has ended, and l is closed
		err = contextError(ctx)
	}
	if err != nil {
		return nil, try.diagnose(inTime(ctx, err))
	}
	conn.target = target
	return conn, nil
}

// inTime returns the error of an attempt that failed with err, which may come from the end of ctx or from a deadline
// of the network.
func inTime(ctx context.Context, err error) error {
	isLate := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
	if due, ok := ctx.Deadline(); ok && isLate && !time.Now().Before(due) {
		<-ctx.Done() // the network has the same deadline, and may notice it first
	}
	switch {
	case (isLate || errors.Is(err, context.Canceled)) && ctx.Err() != nil: // whichever came first
		err = contextError(ctx)
	case isLate:
		err = context.DeadlineExceeded
	}
	if isLate {
		err = fmt.Errorf("no answer in time: %w", err)
	}
	return err
}

// A link is the network connection below the WebSocket.
type link struct {
	net.Conn
	greeting *greeting // what the library reads from
	made     core.Instant
	keep     func() bool // keeps it open when ctx ends; false: it has been closed
}

type netDial func(ctx context.Context, network, address string) (net.Conn, error)

// dialer returns a dial function that stores its connection in l, and closes the connection when ctx ends. During the
// handshake the library itself observes only the deadline of ctx.
func (l *link) dialer(ctx context.Context, clock *clock, dial netDial) netDial {
	return func(dialCtx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(dialCtx, network, address)
		if err != nil {
			return nil, err
		}
		*l = link{
			Conn: conn, greeting: &greeting{Conn: conn, left: handshakeBytes},
			made: clock.now(), keep: context.AfterFunc(ctx, func() { _ = conn.Close() }),
		}
		return l.greeting, nil
	}
}
