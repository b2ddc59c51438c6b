package wsclient_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A DialError says what answered instead of a broker, and how.
func TestDialErrorAnswers(t *testing.T) {
	const page = "<html>\n<head><TITLE>The plain HTTP request\nwas sent to HTTPS port</TITLE></head>"
	for _, test := range []struct {
		name, address, answer, want string
	}{
		{"nothing", "ws://h/", "", "the connection was closed without an answer: unexpected EOF"},
		{"a broker, after a proxy that takes the upgrade away", "ws://h/",
			"HTTP/1.1 426 Upgrade Required\r\nContent-Type: text/plain\r\n\r\n" +
				"this is a lock broker: connect with WebSocket\n",
			`answered with 426 Upgrade Required: "this is a lock broker: connect with WebSocket"`},
		{"a redirection", "ws://h/?key=geheim",
			"HTTP/1.1 301 Moved Permanently\r\nServer: nginx/1.18.0\r\n" +
				"Location: https://me:geheim@h/ws?key=geheim#x\r\n\r\nto ?key=geheim",
			"answered with 301 Moved Permanently by nginx/1.18.0, to https://h/ws"},
		{"a redirection on the host", "ws://h:1/?key=geheim",
			"HTTP/1.1 308 Permanent Redirect\r\nLocation: /other?key=geheim\r\n\r\n",
			"answered with 308 Permanent Redirect, to http://h:1/other"},
		{"a page of the same name", "ws://h/",
			"HTTP/1.1 404 Not Found\r\nServer: nginx\r\nContent-Type: text/html\r\n\r\n" +
				"<html><title>404 Not Found</title>",
			"answered with 404 Not Found by nginx"},
		{"a page with another name", "ws://h/",
			"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Type: text/html\r\n\r\n" + page,
			`answered with 400 Bad Request by nginx: "The plain HTTP request"`},
		{"a page that shows what was asked for", "ws://h/?key=geheim&short=a",
			"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n" +
				"<title>Cannot GET /ws?key=geheim&amp;short=a&amp;client=me&amp;resume=moved</title>",
			`answered with 404 Not Found: "Cannot GET /ws?..."`},
		{"a page that shows a part of it", "ws://h/?key=geheim%21&short=a",
			"HTTP/1.1 200 OK\r\n\r\nno key geheim! or geheim%21 here",
			`answered with 200 OK: "no key ... or ... here"`},
		{"an answer that forges lines", "ws://h/",
			"HTTP/1.1 502 Bad Gateway\r\nServer: a\u202eb\r\n\r\nb\x1b[2J\nc",
			`answered with 502 Bad Gateway by "a\u202eb": "b\x1b[2J"`},
		{"a long answer", "ws://h/", "HTTP/1.1 500 Internal Server Error\r\n\r\n" + strings.Repeat("x", 5000),
			`answered with 500 Internal Server Error: "` + strings.Repeat("x", 256) + `... (1024 bytes)"`},
		{"a WebSocket that is none", "ws://h/",
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
				"Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
			"answered with 101 Switching Protocols"},
		{"another protocol", "ws://h/", "SSH-2.0-OpenSSH_9.2p1\r\n",
			`it does not speak HTTP: "SSH-2.0-OpenSSH_9.2p1"`},
		{"bytes", "ws://h/", "\x00\x01\xff", `it does not speak HTTP: "\x00\x01\xff"`},
		{"an answer without end", "ws://h/", strings.Repeat("x", 1<<20), "the answer does not end"},
		{"a header without end", "ws://h/", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 1<<18),
			"the answer does not end"},
		{"TLS", "ws://h/", "\x15\x03\x01\x00\x02\x02\x46", "it speaks TLS: the URL must begin with wss://"},
		{"no TLS", "wss://h/", "HTTP/1.1 400 Bad Request\r\n\r\n",
			`it does not speak TLS: the URL must begin with ws:// ` +
				`(tls: first record does not look like a TLS handshake): "HTTP/1.1 400 Bad Request"`},
	} {
		options := &wsclient.Options{Label: "me", NetDial: answerWith(test.answer)}
		_, err := wsclient.Dial(t.Context(), test.address, options)
		failure := new(wsclient.DialError)
		if !errors.As(err, &failure) || failure.Error() != test.want {
			t.Errorf("%s: got\n     %v\nwant %s", test.name, err, test.want)
			continue
		}
		if !failure.Connected || failure.Answered != (test.answer != "") {
			t.Errorf("%s: got %+v", test.name, failure)
		}
	}
}

// answerWith makes connections to a peer that reads a little, sends that answer, and closes.
func answerWith(answer string) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer func() { _ = server.Close() }()
			_, _ = server.Read(make([]byte, 4096))
			_, _ = io.WriteString(server, answer)
		}()
		return client, nil
	}
}

// A WebSocket server is not a broker if it sends no hello, or another message first.
func TestOtherWebSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newStage(t).enter()
		defer a.close()
		pass(10 * time.Second)
		failure := new(wsclient.DialError)
		if err := <-a.dialed; !errors.As(err, &failure) || !failure.Answered ||
			failure.Error() != "no hello: no answer in time: context deadline exceeded" {
			t.Errorf("got %v", err)
		}
	})
}

// If nothing listens, a DialError reports neither a connection nor an answer.
func TestNothingAnswers(t *testing.T) {
	refused := errors.New("connection refused")
	_, err := wsclient.Dial(t.Context(), "ws://h", &wsclient.Options{
		NetDial: func(context.Context, string, string) (net.Conn, error) { return nil, refused },
	})
	failure := new(wsclient.DialError)
	if !errors.As(err, &failure) || failure.Connected || failure.Answered || !errors.Is(err, refused) {
		t.Errorf("got %+v", err)
	}
}

// The error says so if one side uses TLS and the other does not.
func TestWrongTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "https://")
	for url, want := range map[string]string{
		"ws://" + address: `answered with 400 Bad Request: ` +
			`"Client sent an HTTP request to an HTTPS server."`,
		"wss://" + address:   "tls: failed to verify certificate: x509:",
		"https://" + address: "tls: failed to verify certificate: x509:",
	} {
		if _, err := wsclient.Dial(t.Context(), url, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", url, err, want)
		}
	}
}
