package wsclient

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
)

// addresses lists addresses as people write them, each with the host and the path that the client then requests, or
// with a part of the error.
var addresses = []struct{ address, dialled, asked, refused string }{
	// Schemes, ports and paths.
	{address: "ws://h:1", dialled: "h:1", asked: "/ws?client=me"},
	{address: "ws://h", dialled: "h:80", asked: "/ws?client=me"},
	{address: "WS://h/", dialled: "h:80", asked: "/ws?client=me"},
	{address: "http://h:1", dialled: "h:1", asked: "/ws?client=me"},
	{address: "http://h", dialled: "h:80", asked: "/ws?client=me"},
	{address: "ws://h:", dialled: "h:80", asked: "/ws?client=me"},
	{address: "ws://h:1/locks", dialled: "h:1", asked: "/locks?client=me"},
	{address: "ws://h:1/locks/", dialled: "h:1", asked: "/locks/ws?client=me"},
	{address: "ws://h:1/locks/ws", dialled: "h:1", asked: "/locks/ws?client=me"},
	{address: "ws://h:1/locks/?x=/", dialled: "h:1", asked: "/locks/ws?x=/&client=me"},
	{address: "ws://h:1/a%2Fb/", dialled: "h:1", asked: "/a%2Fb/ws?client=me"},
	{address: "ws://h:1/a%2F", dialled: "h:1", asked: "/a%2F?client=me"},
	{address: "ws://h:1/{a%2F", dialled: "h:1", asked: "/%7Ba%2F?client=me"},
	{address: "ws://h:1//", dialled: "h:1", asked: "//ws?client=me"},
	{address: "ws://h:1/a%2Fb/ö", dialled: "h:1", asked: "/a%2Fb/%C3%B6?client=me"},
	{address: "ws://h:1/a%2Fb/{c|d}", dialled: "h:1", asked: "/a%2Fb/%7Bc%7Cd%7D?client=me"},
	{address: "ws://h:1?", dialled: "h:1", asked: "/ws?client=me"},
	{address: "ws://h:1#", dialled: "h:1", asked: "/ws?client=me"},
	{address: "ftp://h", refused: "begins with ws://"},
	{address: "localhost:27002", refused: "begins with ws://"},
	{address: "h", refused: "begins with ws://"},
	{address: "ws:h:1", refused: "begins with ws://"},
	{address: "ws:///ws", refused: "begins with ws://"},
	{address: "ws://:27002", refused: "no host"},
	{address: "ws://h:0", refused: "port"},
	{address: "ws://h:65536", refused: "port"},
	{address: "ws://h:http", refused: "not a URL"},
	{address: "ws://h/#part", refused: "%23"},
	{address: "ws://h/?token=a#b", refused: "%23"},
	{address: "ws://me:pw@h", refused: "Authorization"},
	{address: "ws://@h", refused: "Authorization"},

	// Hosts.
	{address: "ws://[::1]:1", dialled: "[::1]:1", asked: "/ws?client=me"},
	{address: "ws://[::1]", dialled: "[::1]:80", asked: "/ws?client=me"},
	{address: "ws://[fe80::1%25eth0]:1", dialled: "[fe80::1%eth0]:1", asked: "/ws?client=me"},
	{address: "ws://[fe80::1%eth0]:1", refused: "%25"},
	{address: "ws://::1", refused: "brackets"},
	{address: "ws://::1:27002", refused: "brackets"},
	{address: "ws://größe.example", refused: "xn--"},
	{address: "ws://a b", refused: "not a URL"},

	// Queries.
	{address: "ws://h:1?x=1;y=2", dialled: "h:1", asked: "/ws?x=1;y=2&client=me"},
	{address: "ws://h:1?t=a%zz", dialled: "h:1", asked: "/ws?t=a%zz&client=me"},
	{address: "ws://h:1?z=1&a=2&z=0", dialled: "h:1", asked: "/ws?z=1&a=2&z=0&client=me"},
	{address: "ws://h:1?flag&e=&+=%2b&/?", dialled: "h:1", asked: "/ws?flag&e=&+=%2b&/?&client=me"},
	{address: "ws://h:1?&&", dialled: "h:1", asked: "/ws?&&&client=me"},
	{address: `ws://h:1?q=a b"<ö'`, dialled: "h:1", asked: "/ws?q=a%20b%22%3C%C3%B6'&client=me"},
	{address: "ws://h:1?client=you", dialled: "h:1", asked: "/ws?client=you"},
	{address: "ws://h:1?a&%63lient=you;x=1", dialled: "h:1", asked: "/ws?a&%63lient=you;x=1"},
	{address: "ws://h:1?client=50%", refused: "%25"},
	{address: "ws://h:1?client=", dialled: "h:1", asked: "/ws?client="},
	{address: "ws://h:1?client", dialled: "h:1", asked: "/ws?client"},
	{address: "ws://h:1?clients=1", dialled: "h:1", asked: "/ws?clients=1&client=me"},
	{address: "ws://h:1?q=\xe4", refused: "UTF-8"},
	{address: "ws://h:1?q=\n", refused: "not a URL"},
	{address: "", refused: "begins with ws://"},
}

// Each address is either dialled as it is, or refused with a helpful error.
func TestAddresses(t *testing.T) {
	for _, test := range addresses {
		var dialled, asked string
		options := &Options{Label: "me", NoReconnect: true}
		options.NetDial = func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = address
			client, server := net.Pipe()
			go func() {
				defer func() { _ = server.Close() }()
				if r, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
					asked = strings.TrimSuffix(r.RequestURI, "&resume=moved")
				}
			}()
			return client, nil
		}
		_, err := Dial(t.Context(), test.address, options)
		refused := errors.Is(err, ErrBadRequest)
		if refused != (test.refused != "") || !strings.Contains(err.Error(), test.refused) {
			t.Errorf("%q: got %v, want refused: %q", test.address, err, test.refused)
		}
		if dialled != test.dialled || asked != test.asked {
			t.Errorf("%q: dialled %q and requested %q, want %q and %q", test.address, dialled, asked,
				test.dialled, test.asked)
		}
	}
}

// An https:// address is dialled with TLS, as a wss:// address is.
func TestSecureAddresses(t *testing.T) {
	for _, address := range []string{"wss://h", "https://h", "HTTPS://h:443/"} {
		u, err := dialURL(address, "me")
		if err != nil || u.Scheme != "wss" {
			t.Errorf("%s: %v, %v", address, u, err)
		}
	}
}
