package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient/js"
)

// flags are the flags of brokerd.
type flags struct {
	configFlag
	Host string `default:"127.0.0.1" env:"BROKERD_HOST" help:"Address or name to listen on; 0.0.0.0 for all IPv4 interfaces."`
	Port uint16 `short:"p" default:"27002" env:"BROKERD_PORT" help:"TCP port to listen on; 0 for any free port."`
	listenFlags
	tlsFlags
	accessFlags
	oidcFlags
	auditFlags
	frontFlags
	doorFlags
	clusterFlags

	Debug        bool   `short:"d" env:"BROKERD_DEBUG" help:"Also log what each client does."`
	LogLevelFile string `env:"BROKERD_LOG_LEVEL_FILE" placeholder:"FILE" help:"Take the level of the log from this file instead of --debug: one word, debug or info. So SIGHUP can change it."`

	StateDir  string        `env:"BROKERD_STATE_DIR" placeholder:"DIR" help:"Directory for state that must survive a restart. With it, a restart loses no lock and no place in a queue, fencing tokens always rise, and after a crash nothing is granted while there may be stale holders. brokerd creates a missing directory with access for this user only; missing parents get mode 0755 less the umask."`
	LockDelay bool          `env:"BROKERD_LOCK_DELAY" help:"When a connection ends without a goodbye, keep its locks until --timeout after its last message, because its client may be alive."`
	Drain     time.Duration `default:"10s" env:"BROKERD_DRAIN" help:"How long holders may take to release after SIGINT or SIGTERM. 0s stops at once. With --state-dir, only clients that cannot take up their session in the next run must release."`
	DrainAll  bool          `env:"BROKERD_DRAIN_ALL" help:"Drain all clients at the end, although there is a --state-dir: the broker stops for good, and the next run goes on with nothing."`
	Timeout   time.Duration `default:"15s" env:"BROKERD_TIMEOUT" help:"Session timeout: how long a connection may be silent before its locks go to others."`
	Heartbeat time.Duration `env:"BROKERD_HEARTBEAT" placeholder:"TIME" help:"Time between two heartbeats of the broker and of each client, at most half of --timeout. Default: a third of --timeout."`

	MaxConnections           int `default:"20000" env:"BROKERD_MAX_CONNECTIONS" help:"Maximum number of clients. The limit on open files may allow fewer."`
	MaxConnectionsPerAddress int `env:"BROKERD_MAX_CONNECTIONS_PER_ADDRESS" placeholder:"N" help:"Maximum number of clients from one IP address, or one IPv6 /64. Default: half of --max-connections. Behind a proxy, all clients have its address."`
	MaxHandshakes            int `default:"4000" env:"BROKERD_MAX_HANDSHAKES" help:"Maximum number of connections that are not WebSockets yet; one address may have half of them. A further one closes the oldest."`

	MaxRequests int  `default:"1000000" env:"BROKERD_MAX_REQUESTS" help:"Maximum number of requests that wait or hold. A request counts once per lock, and more for long names. The default takes about 250 MB."`
	MaxWatches  int  `default:"100000" env:"BROKERD_MAX_WATCHES" help:"Maximum number of watches."`
	MaxDue      size `default:"256MiB" env:"BROKERD_MAX_DUE" placeholder:"SIZE" help:"Maximum number of bytes that wait to be sent to all clients together. Above it, the client with the most is disconnected."`
	MaxPages    int  `default:"32" env:"BROKERD_MAX_PAGES" help:"Maximum number of answers to info and why that are being sent; others wait."`

	quotaFlags
	metricsFlags
	dashboardFlags

	PublicURL   []string `name:"public-url" env:"BROKERD_PUBLIC_URL" placeholder:"URL" help:"A URL of the broker as browsers see it, such as https://locks.example for a broker behind a proxy. Pages served there may use the broker, whatever Host header the proxy passes. May be repeated."`
	AllowedHost []string `env:"BROKERD_ALLOWED_HOST" placeholder:"HOST" help:"A host name of the broker, such as locks.example, or *.example for subdomains. Pages from the broker's own host and port may connect if the host is such a name, an IP address or localhost. May be repeated."`
	AllowOrigin []string `env:"BROKERD_ALLOW_ORIGIN" placeholder:"ORIGIN" help:"Let pages of this origin use the broker, besides the broker's own pages (see --public-url and --allowed-host): https://app.example; https://*.app.example for subdomains; http://localhost:* for any port; * for every page on the internet. May be repeated."`
}

// Validate refuses values out of range and values that contradict each other. If the configuration file has
// such a value, the error begins with its place.
func (f *flags) Validate(ctx *kong.Context) error {
	err := f.validate()
	if f.file != nil {
		return f.file.Locate(ctx, err, f.keys)
	}
	return err
}

func (f *flags) validate() error {
	return cmp.Or(f.validateTimes(), f.validateLimits(), f.validateQuota(), f.validateHosts(), f.validateListen(),
		f.validateTLS(), f.validateAccess(), f.validateOIDC(), f.validateProxies(), f.validateDoor(),
		f.validateAudit(), f.validateMetrics(), f.validateAdmin(), f.validateCluster())
}

func (f *flags) validateTimes() error {
	switch {
	case f.Timeout <= 0:
		return errors.New("--timeout: want more than 0s")
	case f.Heartbeat < 0:
		return errors.New("--heartbeat: want more than 0s")
	case f.Heartbeat > f.Timeout/2:
		return fmt.Errorf("--heartbeat is %v: want at most half of --timeout, %v", f.Heartbeat, f.Timeout/2)
	case f.Drain < 0:
		return errors.New("--drain: want 0s or more")
	}
	return nil
}

// validateLimits requires every limit to be at least 1. The limit per address may also be 0, which means its default:
// that depends on another flag.
func (f *flags) validateLimits() error {
	if f.MaxConnectionsPerAddress < 0 {
		return errors.New("--max-connections-per-address: want 1 or more")
	}
	for _, limit := range []struct {
		flag  string
		value int64
	}{
		{"--max-connections", int64(f.MaxConnections)},
		{"--max-handshakes", int64(f.MaxHandshakes)},
		{"--max-requests", int64(f.MaxRequests)},
		{"--max-watches", int64(f.MaxWatches)},
		{"--max-due", int64(f.MaxDue)},
		{"--max-pages", int64(f.MaxPages)},
	} {
		if limit.value < 1 {
			return fmt.Errorf("%s: want 1 or more", limit.flag)
		}
	}
	return nil
}

func (f *flags) validateHosts() error {
	if _, err := cli.Host(f.Host); err != nil {
		return err
	}
	for _, text := range f.PublicURL {
		if err := broker.CheckPublicURL(text); err != nil {
			return fmt.Errorf("--public-url: %w", err)
		}
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

// config returns the configuration of the broker.
func (f *flags) config(log zerolog.Logger) broker.Config {
	c := broker.Config{
		Logger:    log,
		StateDir:  f.StateDir,
		LockDelay: f.LockDelay,
		Drain:     f.Drain,
		DrainAll:  f.DrainAll,
		Timeout:   f.Timeout,
		Heartbeat: f.Heartbeat,

		PublicURLs:   f.PublicURL,
		AllowOrigins: f.AllowOrigin,
		AllowedHosts: f.AllowedHost,
		ClientFiles:  js.Served(),

		MaxConnections:           f.MaxConnections,
		MaxConnectionsPerAddress: f.MaxConnectionsPerAddress,
		MaxHandshakes:            f.MaxHandshakes,
		MaxRequests:              f.MaxRequests,
		MaxWatches:               f.MaxWatches,
		MaxDue:                   int64(f.MaxDue),
		MaxPages:                 f.MaxPages,

		MaxConnectionsPerIdentity: f.MaxConnectionsPerIdentity,
		MaxMemory:                 int64(f.MaxMemory),
		Quota:                     f.quota(),
	}
	if f.Drain <= 0 {
		c.Drain = broker.None
	}
	f.setDoor(&c)
	f.setProxies(&c)
	f.setMetrics(&c)
	f.setDashboard(&c)
	return c
}
