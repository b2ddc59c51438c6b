package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/listen"
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

Listen on a port, and on a Unix socket for the group locks:

    $ brokerd --listen 127.0.0.1:27002 --listen 'unix:/run/brokerd.sock?mode=0660&group=locks'

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
	sockets, err := f.listen(ctx)
	if err != nil {
		return err
	}
	f.logStart(log, endpointsOf(sockets), config)
	if err := serve(ctx, b, sockets); err != nil {
		return err
	}
	log.Info().Msg("stopped")
	return nil
}

// serve runs b on the sockets until ctx ends, or until one of them fails.
func serve(ctx context.Context, b *broker.Broker, sockets []listen.Socket) error {
	server := b.Server()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	ends := make([]error, len(sockets))
	for i, socket := range sockets {
		running.Go(func() {
			defer cancel()
			ends[i] = server.Serve(socket)
		})
	}
	// The broker stops first, because Shutdown does not see WebSocket connections.
	runErr := b.Run(ctx)
	grace, cancelGrace := context.WithTimeout(context.Background(), shutdownWait)
	defer cancelGrace()
	if server.Shutdown(grace) != nil {
		_ = server.Close()
	}
	running.Wait()
	for i, err := range ends {
		if !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve %s: %w", sockets[i].Address, err)
		}
	}
	return runErr
}
