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

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient/js"
)

// shutdownWait is how long HTTP requests under way may take at the end. Short:
// the only ones are questions whether the broker lives.
const shutdownWait = time.Second

// flags are those of brokerd.
type flags struct {
	Host  string `default:"127.0.0.1" env:"BROKERD_HOST" help:"Address or name to listen on; 0.0.0.0 for every IPv4 interface."`
	Port  uint16 `short:"p" default:"27002" env:"BROKERD_PORT" help:"TCP port to listen on; 0 for any that is free."`
	Debug bool   `short:"d" env:"BROKERD_DEBUG" help:"Log what each client does as well."`

	StateDir  string        `env:"BROKERD_STATE_DIR" placeholder:"DIR" help:"Directory for what must survive a restart: fencing tokens then rise whatever happens, and after a crash nothing is granted while there may be stale holders. Made if it is not there, for this user alone; directories above it get 0755 less the umask."`
	LockDelay bool          `env:"BROKERD_LOCK_DELAY" help:"Keep the locks of a connection that ended without goodbye until it has been silent for --timeout: its client may be alive."`
	Drain     time.Duration `default:"10s" env:"BROKERD_DRAIN" help:"How long holders may take to release after SIGINT or SIGTERM; 0s: no time."`
	Timeout   time.Duration `default:"15s" env:"BROKERD_TIMEOUT" help:"How long a connection may be silent before its locks go to others."`
	Heartbeat time.Duration `env:"BROKERD_HEARTBEAT" placeholder:"TIME" help:"How often broker and clients send a sign of life, at most half of --timeout; without it a third of that."`

	MaxConnections           int `default:"20000" env:"BROKERD_MAX_CONNECTIONS" help:"How many clients may be connected at once. The limit of open files may allow fewer."`
	MaxConnectionsPerAddress int `env:"BROKERD_MAX_CONNECTIONS_PER_ADDRESS" placeholder:"N" help:"How many of them from one IP address, or one /64 of IPv6; without it half of --max-connections. Behind a proxy all come from its address."`
	MaxHandshakes            int `default:"4000" env:"BROKERD_MAX_HANDSHAKES" help:"How many connections may exist that have not become WebSocket connections; half of that from one address. Over it the oldest is closed."`

	MaxRequests int   `default:"1000000" env:"BROKERD_MAX_REQUESTS" help:"How many requests may wait or hold at once, half of that from one address; one counts once for each of its locks, and more for long names. 250 bytes each."`
	MaxWatches  int   `default:"100000" env:"BROKERD_MAX_WATCHES" help:"How many watches there may be at once; half of that from one address."`
	MaxDue      int64 `default:"268435456" env:"BROKERD_MAX_DUE" placeholder:"BYTES" help:"How many bytes may be due to all clients together. Over it the client to which most is due is cut off."`
	MaxPages    int   `default:"32" env:"BROKERD_MAX_PAGES" help:"How many answers to info and why may be on their way to clients at once; others wait for their turn."`

	AllowedHost []string `env:"BROKERD_ALLOWED_HOST" placeholder:"HOST" help:"A name by which pages may call the broker as their own host, beside IP addresses and localhost: locks.example; *.example for its subdomains. May be given several times."`
	AllowOrigin []string `env:"BROKERD_ALLOW_ORIGIN" placeholder:"ORIGIN" help:"Let pages of this origin use the broker from a browser, beside those from its own host and port (see --allowed-host): https://app.example; https://*.app.example for its subdomains; http://localhost:* for any port; * for every page in the world. May be given several times."`
}

// Validate refuses times that mean nothing, or do not fit together.
func (f *flags) Validate() error {
	switch {
	case f.Timeout <= 0:
		return errors.New("--timeout: want more than 0s")
	case f.Heartbeat < 0:
		return errors.New("--heartbeat: want more than 0s")
	case f.Heartbeat > f.Timeout/2:
		return fmt.Errorf("--heartbeat is %v: want at most half of --timeout, %v", f.Heartbeat, f.Timeout/2)
	case f.Drain < 0:
		return errors.New("--drain: want 0s or more")
	case f.MaxConnections < 1:
		return errors.New("--max-connections: want 1 or more")
	case f.MaxConnectionsPerAddress < 0:
		return errors.New("--max-connections-per-address: want 1 or more")
	case f.MaxHandshakes < 1:
		return errors.New("--max-handshakes: want 1 or more")
	case f.MaxRequests < 1:
		return errors.New("--max-requests: want 1 or more")
	case f.MaxWatches < 1:
		return errors.New("--max-watches: want 1 or more")
	case f.MaxDue < 1:
		return errors.New("--max-due: want 1 or more")
	case f.MaxPages < 1:
		return errors.New("--max-pages: want 1 or more")
	}
	if _, err := cli.Host(f.Host); err != nil {
		return err
	}
	for _, name := range f.AllowedHost {
		if err := broker.CheckHost(name); err != nil {
			return fmt.Errorf("--allowed-host: %w", err)
		}
	}
	for _, pattern := range f.AllowOrigin {
		if err := broker.CheckOrigin(pattern); err != nil {
			return fmt.Errorf("--allow-origin: %w", err)
		}
	}
	return nil
}

// serveCmd is the command "serve".
type serveCmd struct{}

// Help is shown below the flags.
func (serveCmd) Help() string {
	return `On 127.0.0.1:27002, keeping fencing tokens over restarts:

    $ brokerd --state-dir /var/lib/brokerd

The same, said in full, for every IPv4 interface; whoever reaches it may do everything:

    $ brokerd serve --host 0.0.0.0 --state-dir /var/lib/brokerd

For a page of another origin, and for those that are made on this machine:

    $ brokerd --allow-origin https://app.example --allow-origin 'http://localhost:*'

For pages that come from the broker's own host and port, when that host is a name:

    $ brokerd --host 0.0.0.0 --allowed-host locks.example`
}

// Run serves until a signal comes. A second signal ends the process at once.
func (serveCmd) Run(f *flags) error {
	ctx := untilSignal()
	log, flush := newLogger(os.Stderr, f.Debug)
	defer flush()
	outlive(log)
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
	logStart(log, listener.Addr())
	f.logConnections(log, config)
	if err := serve(ctx, b, listener); err != nil {
		return err
	}
	log.Info().Msg("stopped")
	return nil
}

func (f *flags) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	host, err := cli.Host(f.Host) // without brackets
	if err != nil {
		return nil, err
	}
	listener, err := config.Listen(ctx, networkOf(host), net.JoinHostPort(host, strconv.Itoa(int(f.Port))))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		hint := "is a brokerd running already? Stop it, or choose another --port"
		return nil, &cli.Failure{Err: err, Hint: hint}
	case err != nil:
		return nil, &cli.Failure{Err: err, Hint: "check --host and --port"}
	}
	return listener, nil
}

// networkOf makes 0.0.0.0 mean what it says: with "tcp" Go would listen on every
// IPv6 interface as well.
func networkOf(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
		return "tcp4"
	}
	return "tcp"
}

// config is that of the broker, where 0 stands for the default and not for none.
func (f *flags) config(log zerolog.Logger) broker.Config {
	c := broker.Config{
		Logger:    log,
		StateDir:  f.StateDir,
		LockDelay: f.LockDelay,
		Drain:     f.Drain,
		Timeout:   f.Timeout,
		Heartbeat: f.Heartbeat,

		AllowOrigins: f.AllowOrigin,
		AllowedHosts: f.AllowedHost,
		ClientFiles:  js.Served(),

		MaxConnections:           f.MaxConnections,
		MaxConnectionsPerAddress: f.MaxConnectionsPerAddress,
		MaxHandshakes:            f.MaxHandshakes,
		MaxRequests:              f.MaxRequests,
		MaxWatches:               f.MaxWatches,
		MaxDue:                   f.MaxDue,
		MaxPages:                 f.MaxPages,
	}
	if f.Drain <= 0 {
		c.Drain = broker.None
	}
	return c
}

// serve runs b behind listener until ctx ends.
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
	// The broker first: Shutdown does not see WebSocket connections.
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
