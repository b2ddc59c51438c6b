package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient"
)

// TestMayComeUp checks for which failures to connect --wait tries again.
func TestMayComeUp(t *testing.T) {
	certificate := httptest.NewTLSServer(http.NotFoundHandler())
	defer certificate.Close()
	greeting := greeter(t, "SSH-2.0-OpenSSH_9.6\r\n")
	silent := greeter(t, "")
	for address, want := range map[string]bool{
		"ws://127.0.0.1:1":            true, // refused
		"ws://no-such-host.invalid:1": true,
		"ws://" + silent:              true, // closed without an answer
		"ws://" + greeting:            false,
		strings.Replace(certificate.URL, "https:", "wss:", 1): false,
		"ws://127.0.0.1:1/#fragment":                          false,
		"ws://" + greeting + ",ws://127.0.0.1:1":              true,
		"ws://" + greeting + ",ws://" + greeting:              false,
	} {
		client, err := wsclient.Dial(t.Context(), address, nil)
		if err == nil {
			t.Fatal(address, "a connection", client.Close())
		}
		if got := mayComeUp(err); got != want {
			t.Errorf("%s: %v: got %t", address, err, got)
		}
	}
	for status, want := range map[int]bool{
		301: false, 400: false, 401: false, 403: false, 404: false, 407: false, 426: false,
		429: true, 500: false, 502: true, 503: true, 504: true,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
		}))
		_, err := wsclient.Dial(t.Context(), server.URL, nil)
		server.Close()
		if got := mayComeUp(err); got != want {
			t.Errorf("%d: %v: got %t", status, err, got)
		}
	}
	if !mayComeUp(context.DeadlineExceeded) {
		t.Error("a timeout counts as final")
	}
}

// greeter returns the address of a server that sends a text and closes the connection.
func greeter(t *testing.T, text string) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = listener.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}
