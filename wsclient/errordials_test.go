package wsclient_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A dialSituation is a call of Dial that fails.
type dialSituation struct {
	title, url string
	netDial    func(ctx context.Context, network, address string) (net.Conn, error)
	ctx        func(ctx context.Context) (context.Context, context.CancelFunc)
	wait       bool // for the broker
}

// dial returns the error of the call.
func (x dialSituation) dial(t *testing.T) (err error) {
	if x.netDial == nil { // it uses the network
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
		x.netDial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		}
		return x.in(t.Context())
	}
	synctest.Test(t, func(t *testing.T) { err = x.in(t.Context()) })
	return err
}

func (x dialSituation) in(ctx context.Context) error {
	if x.ctx != nil {
		var cancel context.CancelFunc
		ctx, cancel = x.ctx(ctx)
		defer cancel()
	}
	_, err := wsclient.Dial(ctx, x.url, &wsclient.Options{Label: "me", NetDial: x.netDial, WaitForBroker: x.wait})
	return err
}

func refuseToConnect(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("connect: connection refused")
}

// neverAnswer makes connections to a peer that reads and says nothing.
func neverAnswer(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, server) }()
	return client, nil
}

func answerStatus(status, header, body string) func(context.Context, string, string) (net.Conn, error) {
	return answerWith("HTTP/1.1 " + status + "\r\n" + header + "\r\n" + body)
}

func within(cause error) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeoutCause(ctx, 2*time.Second, cause)
	}
}

func dialSituations() []dialSituation {
	const url = "ws://h:27002/?key=secret"
	return []dialSituation{
		{title: "dial: nothing listens", url: url, netDial: refuseToConnect},
		{title: "dial: the address is no URL", url: "h:27002", netDial: refuseToConnect},
		{title: "dial: there is a user in the URL", url: "ws://me:secret@h", netDial: refuseToConnect},
		{title: "dial: there is a fragment in the URL", url: "ws://h/?a=b#secret", netDial: refuseToConnect},
		{title: "dial: it does not speak HTTP", url: url, netDial: answerWith("SSH-2.0-OpenSSH_9.2p1\r\n")},
		{title: "dial: it closes the connection", url: url, netDial: answerWith("")},
		{title: "dial: credentials are missing", url: url,
			netDial: answerStatus("401 Unauthorized", "", "credentials are needed")},
		{title: "dial: a proxy wants credentials", url: url,
			netDial: answerStatus("407 Proxy Authentication Required", "Server: squid\r\n", "")},
		{title: "dial: the identity is not allowed", url: url, netDial: answerStatus("403 Forbidden", "", "")},
		{title: "dial: a proxy drops the upgrade", url: url,
			netDial: answerStatus("426 Upgrade Required", "", "connect with WebSocket")},
		{title: "dial: too many connections", url: url,
			netDial: answerStatus("429 Too Many Requests", "", "too many connections from your address")},
		{title: "dial: the broker stops", url: url,
			netDial: answerStatus("503 Service Unavailable", "", "shutting down")},
		{title: "dial: it has moved", url: url,
			netDial: answerStatus("301 Moved Permanently", "Location: https://h/ws?key=secret\r\n", "")},
		{title: "dial: it speaks TLS", url: url, netDial: answerWith("\x15\x03\x01\x00\x02\x02\x46")},
		{title: "dial: it does not speak TLS", url: "wss://h",
			netDial: answerStatus("400 Bad Request", "", "")},
		{title: "dial: the certificate is not trusted", url: "wss://example.com"},
		{title: "dial: it does not answer", url: url, netDial: neverAnswer},
		{title: "dial: the context ends first", url: url, netDial: neverAnswer, ctx: within(nil)},
		{title: "dial: the context ends with a cause", url: url, netDial: neverAnswer, ctx: within(errShift)},
		{title: "dial: the broker does not come", url: url, netDial: refuseToConnect,
			ctx: within(errShift), wait: true},
	}
}
