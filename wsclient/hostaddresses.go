package wsclient

import (
	"context"
	"errors"
	"net"
	"slices"
)

// A name may stand for several addresses, and a broker may listen at each. A net.Dialer stops at the first address that
// accepts the connection, although a broker there may refuse the client, for example because it is on standby.

// hostAddresses are the addresses of one host.
type hostAddresses struct {
	connect netDial
	resolve func(ctx context.Context, host string) ([]string, error)

	host    string   // the latest that was dialled directly, or ""
	used    string   // the address of the latest connection, or ""
	refused []string // the addresses of earlier connections
}

func newHostAddresses() *hostAddresses {
	return &hostAddresses{connect: new(net.Dialer).DialContext, resolve: net.DefaultResolver.LookupHost}
}

// dial is the dial function of a net.Dialer, which leaves out the addresses that have refused.
func (h *hostAddresses) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || net.ParseIP(host) != nil {
		return h.connect(ctx, network, address)
	}
	h.host, h.used = host, ""
	conn, err := h.dialOthers(ctx, network, host, port)
	if err == nil {
		if remote, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
			h.used = remote.IP.String()
		}
	}
	return conn, err
}

func (h *hostAddresses) dialOthers(ctx context.Context, network, host, port string) (net.Conn, error) {
	if len(h.refused) == 0 { // a Dialer knows best how to try several addresses
		return h.connect(ctx, network, net.JoinHostPort(host, port))
	}
	var errs []error
	for _, ip := range h.others(ctx) {
		conn, err := h.connect(ctx, network, net.JoinHostPort(ip, port))
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
		h.refused = append(h.refused, ip)
	}
	return nil, errors.Join(errs...)
}

// others returns the addresses that have not refused.
func (h *hostAddresses) others(ctx context.Context) []string {
	all, _ := h.resolve(ctx, h.host) // without an answer there are no others
	return slices.DeleteFunc(all, func(ip string) bool { return slices.Contains(h.refused, ip) })
}

// hasOther notes that the latest attempt was refused. It reports whether the host has an address that has not refused
// yet.
func (h *hostAddresses) hasOther(ctx context.Context) bool {
	if h.used == "" {
		return false
	}
	h.refused, h.used = append(h.refused, h.used), ""
	return len(h.others(ctx)) > 0
}
