package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// shutdownWait is how long plain HTTP requests may take at the end. It is short, because these are only health
// checks and small files.
const shutdownWait = time.Second

// serveCmd is the command "serve".
type serveCmd struct{}

// Help returns the text that --help shows above the flags.
func (serveCmd) Help() string {
	return `Listen on 127.0.0.1:27002, with fencing tokens that survive restarts:

    $ brokerd --state-dir /var/lib/brokerd

Listen on all IPv4 interfaces. Anyone who can reach the port may do everything:

    $ brokerd serve --host 0.0.0.0 --state-dir /var/lib/brokerd

Allow pages of another origin, and of development servers on this machine:

    $ brokerd --allow-origin https://app.example --allow-origin 'http://localhost:*'

Allow pages that a proxy on this machine serves as https://locks.example:

    $ brokerd --public-url https://locks.example --state-dir /var/lib/brokerd

Allow pages from the broker's own host and port if that host has a name:

    $ brokerd --host 0.0.0.0 --allowed-host locks.example`
}

// Run serves until a signal. A second signal ends the process at once.
func (serveCmd) Run(f *flags) error {
	ctx := signalContext()
	log, flush := newLogger(os.Stderr, f.Debug)
	defer flush()
	ignoreSignals(log)
	config := f.config(log)
	if limit, known := descriptorLimit(); known {
		fitDescriptors(&config, limit)
	}
	b, err := broker.New(config)
	if err != nil {
		return err
	}
	listener, err := f.listen(ctx)
	if err != nil {
		return err
	}
	f.logStart(log, listener.Addr(), config)
	if err := serve(ctx, b, listener); err != nil {
		return err
	}
	log.Info().Msg("stopped")
	return nil
}

func (f *flags) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	host, err := cli.Host(f.Host) // Strips the brackets of an IPv6 address.
	if err != nil {
		return nil, err
	}
	listener, err := config.Listen(ctx, networkOf(host), net.JoinHostPort(host, strconv.Itoa(int(f.Port))))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		hint := "is brokerd already running? Stop it, or choose another --port"
		return nil, &cli.Failure{Err: err, Hint: hint}
	case err != nil:
		return nil, &cli.Failure{Err: err, Hint: "check --host and --port"}
	}
	return listener, nil
}

// networkOf restricts an IPv4 address to IPv4: for 0.0.0.0, "tcp" would also listen on all IPv6 interfaces.
func networkOf(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
		return "tcp4"
	}
	return "tcp"
}

// serve runs b on the listener until ctx ends.
func serve(ctx context.Context, b *broker.Broker, listener net.Listener) error {
	server := b.Server()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		running  sync.WaitGroup
		serveErr error
	)
	running.Go(func() {
		defer cancel()
		serveErr = server.Serve(listener)
	})
	// The broker stops first, because Shutdown does not see WebSocket connections.
	runErr := b.Run(ctx)
	grace, cancelGrace := context.WithTimeout(context.Background(), shutdownWait)
	defer cancelGrace()
	if server.Shutdown(grace) != nil {
		_ = server.Close()
	}
	running.Wait()
	if !errors.Is(serveErr, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", serveErr)
	}
	return runErr
}
