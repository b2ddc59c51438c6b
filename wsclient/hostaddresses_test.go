package wsclient

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
)

// A placed connection is one to an address.
type placed struct {
	net.Conn
	address *net.TCPAddr
}

func (p *placed) RemoteAddr() net.Addr { return p.address }

// If what listens at one address of a host refuses the client, the next attempt is made at the others.
func TestHostAddresses(t *testing.T) {
	all := []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}
	var dialled []string
	h := newHostAddresses()
	h.resolve = func(context.Context, string) ([]string, error) { return slices.Clone(all), nil }
	h.connect = func(_ context.Context, _, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		host, _, _ := net.SplitHostPort(address)
		switch host {
		case "broker.test":
			host = all[0]
		case all[1]:
			return nil, errors.New("connection refused")
		}
		return &placed{address: &net.TCPAddr{IP: net.ParseIP(host)}}, nil
	}
	for _, want := range []bool{true, false} {
		if _, err := h.dial(t.Context(), "tcp", "broker.test:27002"); err != nil {
			t.Fatal(err)
		}
		if got := h.hasOther(t.Context()); got != want {
			t.Errorf("after %v there is another address: %t", dialled, got)
		}
	}
	want := []string{"broker.test:27002", "10.0.0.2:27002", "10.0.0.3:27002"}
	if !slices.Equal(dialled, want) {
		t.Errorf("dialled %v, want %v", dialled, want)
	}
}

// A host that is an address has no others, and neither has one that nothing listens at.
func TestNoOtherHostAddress(t *testing.T) {
	for _, address := range []string{"10.0.0.1:1", "[::1]:1", "broker.test:1"} {
		h := newHostAddresses()
		h.resolve = func(context.Context, string) ([]string, error) {
			return []string{"10.0.0.1", "10.0.0.2"}, nil
		}
		h.connect = func(context.Context, string, string) (net.Conn, error) {
			if address == "broker.test:1" {
				return nil, errors.New("connection refused")
			}
			return &placed{address: &net.TCPAddr{IP: net.IPv6loopback}}, nil
		}
		_, _ = h.dial(t.Context(), "tcp", address)
		if h.hasOther(t.Context()) {
			t.Errorf("%s has another address", address)
		}
	}
}
