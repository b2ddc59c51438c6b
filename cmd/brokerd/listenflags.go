package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/listen"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// listenFlags are the flags that say where brokerd listens.
type listenFlags struct {
	Listen []string `env:"BROKERD_LISTEN" placeholder:"ADDRESS" help:"Listen on this address instead of --host and --port: HOST:PORT, with an IPv6 address in brackets; unix:/PATH, or unix:/PATH?mode=0660&user=NAME&group=NAME (mode 0600 by default); systemd:NAME for sockets that systemd passes under this name. HOST:PORT?proxy-protocol=required is for connections that come through --trusted-proxy with the PROXY protocol, version 1 or 2; all others are closed. May be repeated."`
}

// validateListen refuses addresses that cannot be parsed, and an address that is given twice.
func (f *flags) validateListen() error {
	seen := make(map[listen.Address]bool)
	for _, text := range f.Listen {
		address, err := listen.Parse(text)
		if err != nil {
			return fmt.Errorf("--listen: %w", err)
		}
		if seen[address.Place()] {
			return fmt.Errorf("--listen: %.80q is given twice", text)
		}
		seen[address.Place()] = true
		if address.IsProxied() && len(f.TrustedProxy) == 0 {
			return fmt.Errorf("--listen: %.80q needs --trusted-proxy", text)
		}
	}
	return nil
}

// listen opens all sockets, or none.
func (f *flags) listen(ctx context.Context) ([]listen.Socket, error) {
	if len(f.Listen) == 0 {
		host, err := cli.Host(f.Host) // Strips the brackets of an IPv6 address.
		if err != nil {
			return nil, err
		}
		sockets, err := listen.TCP(host, f.Port).Listen(ctx)
		return sockets, listenFailure(err, "--port", "--host and --port")
	}
	return listenAll(ctx, f.Listen, "--listen")
}

// listenAll opens the sockets of all addresses, or none. flag is the one that has the addresses.
func listenAll(ctx context.Context, addresses []string, flag string) ([]listen.Socket, error) {
	var all []listen.Socket
	for _, text := range addresses {
		address, err := listen.Parse(text)
		if err != nil {
			return nil, err
		}
		sockets, err := address.Listen(ctx)
		if err != nil {
			closeAll(all)
			return nil, listenFailure(err, flag, flag)
		}
		all = append(all, sockets...)
	}
	return all, nil
}

// listenFailure adds a hint to an error: which flag changes an address that is taken, and which one that is wrong.
func listenFailure(err error, ifTaken, ifWrong string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return &cli.Failure{Err: err, Hint: "is brokerd already running? Stop it, or choose another " + ifTaken}
	}
	return &cli.Failure{Err: err, Hint: "check " + ifWrong}
}

func closeAll(sockets []listen.Socket) {
	for _, socket := range sockets {
		_ = socket.Close()
	}
}

// An endpoint is what the log says about a socket.
type endpoint struct {
	address string
	tcp     bool
	proxied bool // with the PROXY protocol
	open    bool // other machines can connect
}

// endpoints returns what is known of the sockets before they are open. Other machines may be able to connect to a name
// other than localhost, and to a socket of systemd.
func (f *flags) endpoints() (all []endpoint) {
	if len(f.Listen) == 0 {
		host, _ := cli.Host(f.Host) // Validate has checked it
		return []endpoint{{address: f.Host, tcp: true, open: !isLoopback(host)}}
	}
	for _, text := range f.Listen {
		address, err := listen.Parse(text)
		if err != nil { // Validate has refused it
			continue
		}
		all = append(all, endpoint{
			address: text, tcp: !address.IsLocal(), proxied: address.IsProxied(),
			open: !address.IsLocal() && !isLoopback(address.Host()),
		})
	}
	return all
}

// isLoopback reports whether other machines cannot connect to a host for certain.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() || host == "localhost"
}

func endpointsOf(sockets []listen.Socket) []endpoint {
	var all []endpoint
	for _, socket := range sockets {
		tcp, isTCP := socket.Addr().(*net.TCPAddr)
		all = append(all, endpoint{socket.Address, isTCP, socket.Proxied, isTCP && !tcp.IP.IsLoopback()})
	}
	return all
}

// openTo returns the addresses at which other machines can connect, or "".
func openTo(on []endpoint) string {
	var open []endpoint
	for _, e := range on {
		if e.open {
			open = append(open, e)
		}
	}
	return addressesOf(open)
}

func addressesOf(on []endpoint) string {
	addresses := make([]string, len(on))
	for i, e := range on {
		addresses[i] = e.address
	}
	return strings.Join(addresses, ", ")
}
