package wsclient

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
)

// The address of a Unix socket is its whole path. The path of the URL is always /ws.
func TestUnixAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"unix:/run/lockbroker.sock":   "/run/lockbroker.sock",
		"unix:///run/lockbroker.sock": "/run/lockbroker.sock",
		"unix:/a b":                   "/a b",
		"unix:":                       "",
		"unix:lockbroker.sock":        "",
		"unix://host/lockbroker.sock": "",
		"unix:@abstract":              "",
		"unix:/a%20b":                 "",
		"unix:/a?x=y#b":               "",
		"unix:/a#b":                   "",
		"unix:/a\x00b":                "",
		"unix:/\xff":                  "",
	} {
		e, err := parseEndpoint(address, "me")
		if (err == nil) != (want != "") || e.socket != want {
			t.Errorf("%q: %q, %v; want %q", address, e.socket, err, want)
		}
		if err == nil && (e.url.String() != "ws://localhost/ws?client=me" || e.String() != "unix:"+want) {
			t.Errorf("%q: asks for %s at %s", address, e.url, e)
		}
	}
}

// The query of the address of a Unix socket is sent, and not shown.
func TestUnixQuery(t *testing.T) {
	e, err := parseEndpoint("unix:///run/x?draining=accept", "me")
	want := "ws://localhost/ws?draining=accept&client=me"
	if err != nil || e.url.String() != want || e.String() != "unix:/run/x" {
		t.Errorf("got %v for %s, %v; want %s", e.url, e, err, want)
	}
}

// An error says which address of a list is wrong, and does not quote it.
func TestBadAddressInAList(t *testing.T) {
	_, err := Dial(t.Context(), "ws://a:1,ws://me:geheim@b:1", nil)
	const want = "dial: bad_request: address 2 of 2: a user in the URL is not supported: " +
		"send an Authorization header instead"
	if !errors.Is(err, ErrBadRequest) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// The query says how the client can take up its session, if it can.
func TestResumeParameter(t *testing.T) {
	for _, test := range []struct {
		address string
		options Options
		want    string
	}{
		{"ws://h", Options{}, "client=me&resume=moved"},
		{"ws://h", Options{Resume: true}, "client=me&resume=kept"},
		{"ws://h", Options{Resume: true, NoReconnect: true}, "client=me&resume=moved"},
		{"ws://h?draining=accept", Options{}, "draining=accept&client=me"},
		{"ws://h?resume=moved", Options{Resume: true}, "resume=moved&client=me"},
		{"unix:/run/x", Options{}, "client=me&resume=moved"},
	} {
		e, err := parseEndpoint(test.address, "me")
		if err != nil {
			t.Fatal(err)
		}
		if e.askForResume(&test.options); e.url.RawQuery != test.want {
			t.Errorf("%s: asks for %s, want %s", test.address, e.url.RawQuery, test.want)
		}
	}
}

// NetDial is asked for the Unix socket, whatever proxies the environment names.
func TestUnixNetDial(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://proxy.test:1")
	var dialled []string
	_, err := Dial(t.Context(), "unix:/run/x", &Options{
		NetDial: func(_ context.Context, network, address string) (net.Conn, error) {
			dialled = append(dialled, network, address)
			return nil, errors.New("nobody there")
		},
	})
	if got := strings.Join(dialled, " "); got != "unix /run/x" {
		t.Errorf("dials %q", got)
	}
	if want := "dial unix:/run/x: nobody there"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
