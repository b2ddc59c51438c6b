package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/headroom"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/listen"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/notify"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/service"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/turns"
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

Let other machines connect with TLS and tokens, and say what each identity may do:

    $ brokerd --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem --tokens tokens --policy policy.yaml

Allow pages of another origin, and of development servers on this machine:

    $ brokerd --allow-origin https://app.example --allow-origin 'http://localhost:*'

Allow pages that a proxy on this machine serves as https://locks.example:

    $ brokerd --public-url https://locks.example --state-dir /var/lib/brokerd

Serve everything below /locks, for a proxy on this machine that passes https://example.com/locks/:

    $ brokerd --base-path /locks --trusted-proxy 127.0.0.1 --lock-delay --state-dir /var/lib/brokerd

Allow pages from the broker's own host and port if that host has a name:

    $ brokerd --host 0.0.0.0 --allowed-host locks.example`
}

// Run serves until a signal, or until the service manager of Windows stops the service. A second signal ends the
// process at once.
func (serveCmd) Run(f *flags) error { return service.Run(f.serve) }

// serve serves until a signal, or until parent ends.
func (f *flags) serve(parent context.Context) error {
	if err := f.checkPolicy(); err != nil {
		return err
	}
	ctx := signalContext(parent)
	log, lines := newLogger(os.Stderr, f.Debug || f.Config != "" || f.LogLevelFile != "")
	defer lines.flush()
	reapOrphans()
	hangups := handleSignals(log, f.readsFiles())
	files, err := f.readSettings()
	if err != nil {
		return err
	}
	zerolog.SetGlobalLevel(files.level)
	config := f.config(log)
	config.Access = files.control
	f.fitMachine(&config)
	audit, err := f.openAudit()
	if err != nil {
		return err
	}
	config.Audit = audit.writer()
	registry := newRegistry(lines)
	config.MoreMetrics = registry
	b, leave, err := f.newBroker(&config)
	if err != nil {
		return err
	}
	defer leave()
	sockets, admin, err := f.open(ctx)
	if err != nil {
		return err
	}
	on := endpointsOf(sockets)
	f.logStart(log, on, config)
	f.logAdmin(log, endpointsOf(admin))
	reloads := newReloader(f, on, log, b, files, audit)
	reloads.manager = notify.New(log)
	if err := guard(sockets, config.TrustedProxies, turns.New(), reloads); err != nil {
		closeAll(sockets)
		closeAll(admin)
		return err
	}
	reloads.register(registry)
	context.AfterFunc(ctx, func() { reloads.manager.Stopping(f.Drain) })
	beside := []func(context.Context){
		func(ctx context.Context) { reloads.run(ctx, hangups) },
		func(ctx context.Context) { reloads.manager.Watch(ctx, b) },
		headroom.Keep,
	}
	fronts := []front{{guardedServer(b, reloads), sockets}, {newAdminServer(b, f.BasePath), admin}}
	err = serve(ctx, b, fronts, beside)
	if err != nil {
		return err
	}
	log.Info().Msg("stopped")
	return nil
}

// fitMachine fits the limits of the broker and of the process to what the machine has.
func (f *flags) fitMachine(config *broker.Config) {
	if limit, known := descriptorLimit(); known {
		fitDescriptors(config, limit, adminConnections*len(f.AdminListen))
	}
	f.limitRuntime()
}

// open opens the sockets for clients and those of --admin-listen, or none.
func (f *flags) open(ctx context.Context) (sockets, admin []listen.Socket, err error) {
	sockets, err = f.listen(ctx)
	if err == nil {
		err = f.checkExposure(endpointsOf(sockets))
	}
	if err == nil {
		admin, err = f.listenAdmin(ctx)
	}
	if err != nil {
		closeAll(sockets)
		return nil, nil, err
	}
	return sockets, admin, nil
}

// A front is a server with its sockets.
type front struct {
	server  *http.Server
	sockets []listen.Socket
}

// serve runs b and its fronts until ctx ends, or until one of them fails. Meanwhile it runs the functions beside, until
// b has ended.
func serve(ctx context.Context, b *broker.Broker, fronts []front, beside []func(context.Context)) error {
	ending, end := context.WithCancel(context.Background())
	var aside sync.WaitGroup
	for _, run := range beside {
		aside.Go(func() { run(ending) })
	}
	defer aside.Wait()
	defer end()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	var mu sync.Mutex
	var failure error // of the socket that has failed first
	for _, f := range fronts {
		for _, socket := range f.sockets {
			running.Go(func() {
				defer cancel()
				err := f.server.Serve(socket)
				mu.Lock()
				defer mu.Unlock()
				if failure == nil && !errors.Is(err, http.ErrServerClosed) {
					failure = fmt.Errorf("serve %s: %w", socket.Address, err)
				}
			})
		}
	}
	// The broker stops first, because Shutdown does not see WebSocket connections.
	runErr := b.Run(ctx)
	grace, cancelGrace := context.WithTimeout(context.Background(), shutdownWait)
	defer cancelGrace()
	for _, f := range fronts {
		if f.server.Shutdown(grace) != nil {
			_ = f.server.Close()
		}
	}
	running.Wait()
	return cmp.Or(failure, runErr)
}
