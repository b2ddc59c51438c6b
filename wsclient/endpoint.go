package wsclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/urllist"
)

// An endpoint is where the client finds its broker.
type endpoint struct {
	url    *url.URL // of the WebSocket
	socket string   // the path of the Unix socket to connect to, or "": the host and port of url
}

// parseEndpoints returns the endpoints in a list of addresses.
func parseEndpoints(addresses string, o *Options) ([]endpoint, error) {
	list := urllist.Split(addresses)
	var all []endpoint
	for i, address := range list {
		e, err := parseEndpoint(address, o.Label)
		if err != nil && len(list) > 1 {
			err = fmt.Errorf("address %d of %d: %w", i+1, len(list), err)
		}
		if err != nil {
			return nil, err
		}
		e.askForResume(o)
		all = append(all, e)
	}
	return all, nil
}

// unixPrefix begins the address of a Unix socket.
const unixPrefix = "unix:"

// parseEndpoint returns the endpoint at an address. Its URL has the label in the query. Errors do not quote the
// address, because any part of a malformed one may be a password.
func parseEndpoint(address, label string) (endpoint, error) {
	path, isUnix := strings.CutPrefix(address, unixPrefix)
	if !isUnix {
		u, err := dialURL(address, label)
		return endpoint{url: u}, err
	}
	path = strings.TrimPrefix(path, "//") // unix:///path is the same as unix:/path
	path, query, _ := strings.Cut(path, "?")
	switch {
	case !utf8.ValidString(path):
		return endpoint{}, errors.New("the address is not valid UTF-8")
	case !strings.HasPrefix(path, "/"):
		return endpoint{}, errors.New("want the whole path of a Unix socket, such as unix:/run/lockbroker.sock")
	case strings.ContainsAny(path, "%#\x00"):
		return endpoint{}, errors.New("the path of a Unix socket cannot have the characters % ? and #")
	}
	u, err := dialURL("ws://localhost?"+query, label)
	if err != nil {
		return endpoint{}, err
	}
	return endpoint{url: u, socket: path}, nil
}

// askForResume adds to the query of e how the client can take up its session, unless the query says so itself, or the
// client cannot.
func (e endpoint) askForResume(o *Options) {
	query := e.url.Query()
	if query.Has(wire.ResumeParameter) || query.Has(drainingParameter) {
		return
	}
	value := wire.ResumeMoved
	if o.Resume && !o.NoReconnect {
		value = wire.ResumeKept
	}
	e.url.RawQuery += "&" + wire.ResumeParameter + "=" + value // there is a label before it
}

// drainingParameter is in the query of tools that ask for no locks.
const drainingParameter = "draining"

// String returns the address without the parts that may hold secrets.
func (e endpoint) String() string {
	if e.socket != "" {
		return unixPrefix + e.socket
	}
	return publicURL(e.url)
}

// dialer returns a function that makes network connections to the endpoint with dial.
func (e endpoint) dialer(dial netDial) netDial {
	if e.socket == "" {
		return dial
	}
	return func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, "unix", e.socket) }
}
