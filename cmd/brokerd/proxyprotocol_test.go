//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// proxyDialer returns a dialer whose connections begin with this header, as those of a proxy do. config may be nil.
func proxyDialer(header string, config *tls.Config) *websocket.Dialer {
	return &websocket.Dialer{
		TLSClientConfig: config,
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err == nil {
				_, err = io.WriteString(conn, header)
			}
			return conn, err
		},
	}
}

func proxyHeader(source string) string { return "PROXY TCP4 " + source + " 10.0.0.1 4444 27002\r\n" }

// proxyFlags make brokerd accept the PROXY protocol from loopback.
var proxyFlags = []string{
	"--listen=127.0.0.1:0?proxy-protocol=required", "--trusted-proxy=127.0.0.1", "--trusted-proxy=10.0.0.0/8",
}

// remoteOfNext opens a session, and returns the address that the log has for it, or the error.
func remoteOfNext(t *testing.T, d *daemon, dialer *websocket.Dialer, url string, header http.Header) string {
	t.Helper()
	conn, response, err := dialer.DialContext(testContext(t), url+"/ws", header)
	if response != nil {
		_ = response.Body.Close()
	}
	if err != nil {
		return statusError(err, response).Error()
	}
	t.Cleanup(func() { _ = conn.Close() })
	return d.until(t, "session opened").Remote
}

// TestProxyProtocol checks that a client has the address that a trusted proxy gives it, in the log and for the limits
// per address, and that Forwarded counts only if that address is a trusted proxy, too.
func TestProxyProtocol(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, append([]string{"--max-connections-per-address=2"}, proxyFlags...)...)
	const client, other = "198.51.100.7", "203.0.113.9"
	forwarded := http.Header{"Forwarded": {"for=" + other}}
	for _, test := range []struct {
		source string
		header http.Header
		want   string
	}{
		{client, nil, client + ":4444"},
		{client, forwarded, client + ":4444"},
		{client, nil, "429"},
		{client, forwarded, "429"},
		{"198.51.100.8", nil, "198.51.100.8:4444"},
		{"10.7.7.7", forwarded, other},
		{"10.7.7.7", http.Header{"X-Forwarded-For": {client + ", " + other + ", 10.1.1.1"}}, other},
		{"10.7.7.7", forwarded, "429"},
		{"10.7.7.7", http.Header{"X-Forwarded-For": {client}}, "429"},
		{"10.7.7.7", nil, "10.7.7.7:4444"},
	} {
		got := remoteOfNext(t, d, proxyDialer(proxyHeader(test.source), nil), d.url, test.header)
		if got != test.want && (test.want != "429" || !strings.Contains(got, "429")) {
			t.Errorf("%s with %v: got %s, want %s", test.source, test.header, got, test.want)
		}
	}
	d.stop(t)
}

// TestProxyProtocolRefuses checks that nobody gets in without a header, and that a broker without the setting accepts
// none.
func TestProxyProtocolRefuses(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, proxyFlags...)
	silent, err := net.Dial("tcp", strings.TrimPrefix(d.url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	for _, header := range []string{"", "PROXY UNKNOWN\r\n"} {
		if _, _, err := connect(t, proxyDialer(header, nil), d.url, ""); err == nil {
			t.Errorf("%q: the client got in", header)
		}
		d.until(t, "closed a connection to an address with proxy-protocol=required")
	}
	mustConnect(t, proxyDialer(proxyHeader("198.51.100.7"), nil), d.url, "")
	d.stop(t)

	d = startDaemon(t, "--listen=127.0.0.1:0?proxy-protocol=required", "--trusted-proxy=10.0.0.0/8",
		"--admin-listen=127.0.0.1:0")
	admin := "http://" + d.until(t, "listening").Address + "/metrics"
	if _, _, err := connect(t, proxyDialer(proxyHeader("198.51.100.7"), nil), d.url, ""); err == nil {
		t.Error("an address that is not trusted got in")
	}
	if line := d.until(t, "closed a connection"); !strings.Contains(line.Error, "--trusted-proxy") {
		t.Errorf("the log says %+v", line)
	}
	const counted = "brokerd_connections_refused_total{reason=\"not_a_trusted_proxy\"} 1\n"
	if _, text := getFrom(t, http.DefaultClient, admin); !strings.Contains(text, counted) {
		t.Error("the refused connection is not counted")
	}
	d.stop(t)

	d = startDaemon(t, "--trusted-proxy=127.0.0.1")
	if _, _, err := connect(t, proxyDialer(proxyHeader("198.51.100.7"), nil), d.url, ""); err == nil {
		t.Error("a header is accepted where no one has asked for it")
	}
	d.stop(t)
}

// TestProxyProtocolWithTLS checks that the header comes before TLS.
func TestProxyProtocolWithTLS(t *testing.T) {
	t.Parallel()
	ca := newTestAuthority(t)
	d := startDaemon(t, append(ca.issue(t, "").write(t, t.TempDir()), proxyFlags...)...)
	for _, source := range []string{"198.51.100.7", "198.51.100.8"} {
		dialer := proxyDialer(proxyHeader(source), ca.trusting(t, nil))
		if got := remoteOfNext(t, d, dialer, d.secureURL(), nil); got != source+":4444" {
			t.Errorf("got %s, want %s", got, source)
		}
	}
	if _, _, err := connect(t, ca.dialer(t, nil), d.secureURL(), ""); err == nil {
		t.Error("a connection without a header is accepted")
	}
	d.stop(t)
}

// TestHandshakeFlags checks that the flags limit how fast the address of a client may connect, and that its proxy is
// not limited.
func TestHandshakeFlags(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, append([]string{"--handshake-burst=2", "--handshakes-per-second=1"}, proxyFlags...)...)
	served := map[string]int{}
	for range 10 {
		for _, source := range []string{"198.51.100.7", "127.0.0.1"} {
			if _, _, err := connect(t, proxyDialer(proxyHeader(source), nil), d.url, ""); err == nil {
				served[source]++
			}
		}
	}
	if served["127.0.0.1"] != 10 || served["198.51.100.7"] < 2 || served["198.51.100.7"] > 9 {
		t.Errorf("served %s", fmt.Sprint(served))
	}
	d.until(t, "too many connections a second from this address")
	d.stop(t)
}
