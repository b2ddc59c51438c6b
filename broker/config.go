package broker

import (
	"io/fs"
	"log/slog"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// None means zero in the fields of a [Config] that allow it, because 0 itself means the default.
const None = -1

// Config configures a broker. The zero value works.
//
// One rule applies to every number and duration: 0 means the default. Zero also makes sense as a
// setting of Drain, IdleNames and WarnAfter; there [None], or any other negative value, means zero. In all
// other fields [New] rejects a negative value.
type Config struct {
	// Logger receives what an operator may want to know later. Info level has the sessions that
	// open and end, and which locks a session held when it ended. Warn level has refusals, slow
	// clients and limits. Debug level has every event of a request. The zero Logger discards
	// everything.
	//
	// At debug level, the event loop waits for each line to be written. If writing one takes a
	// minute, the process panics.
	Logger zerolog.Logger

	// LogHandler receives the same lines as Logger, for programs that log with log/slog. The
	// levels debug, info, warn and error are those of slog, and the keys are those of Logger. A
	// duration is a slog duration. The holders and victims of a line are a slice of structs with
	// JSON tags. The broker calls Enabled before it builds a line. nil: only Logger
	// receives lines. If both are set, both receive every line that they enable.
	//
	// A handler that blocks delays new sessions and the end of Run. It also delays sessions whose
	// steals or evictions it logs, even their end. At debug level it delays the event loop, as
	// Logger does. It must not panic.
	LogHandler slog.Handler

	// Heartbeat is how often the broker pings each client, and each client pings the broker. At
	// least a millisecond, at most half of Timeout. Default: a third of Timeout.
	Heartbeat time.Duration

	// Timeout is the session timeout: the broker closes a connection that is silent for longer,
	// and gives its locks to others. Default: 15 s. At most a year.
	Timeout time.Duration

	// Limits restricts what clients may send. A field that is 0 gets its default from
	// [wire.DefaultLimits].
	Limits wire.Limits

	// StateDir is a directory in which the broker records a limit above all fencing tokens that
	// it has given out. New creates the directory if it does not exist. Only one broker can use
	// it at a time.
	//
	// With StateDir, tokens keep rising across restarts, even after a crash or a power failure.
	// After an unclean end, nothing is granted until the clients of that run have given up
	// their locks. The broker treats a directory that was restored from a backup as an unclean
	// end; tokens then start from the machine's clock if it is ahead of the backup. If the disk
	// fails, the broker goes on serving, and grants locks as long as it has reserved tokens.
	//
	// When the broker stops, it leaves there what its clients hold and wait for. The next run goes on with it:
	// clients that can take up their session lose nothing, and those that wait keep their places. See
	// [Broker.Run].
	//
	// If StateDir is "", tokens start from the machine's clock, and rise across a restart only
	// if the clock does. The broker then grants locks at once, without waiting for the clients
	// of the last run.
	StateDir string

	// DrainAll makes a broker with a StateDir drain all of its clients when it stops, as one without StateDir does.
	// It is for a broker that stops for good. Default: the next run goes on with the sessions.
	DrainAll bool

	// Cluster makes the broker one of several. It excludes StateDir. nil: the broker is alone.
	Cluster *Cluster

	// With LockDelay, the broker keeps the locks of a client that ends without a goodbye until
	// Timeout has passed since the client's last sign of life.
	//
	// Without LockDelay, these locks go to others at once in two cases: the client answered the
	// broker's close frame, or the kernel of its machine ended the connection (FIN or RST). But
	// a proxy or firewall between the two can send these as well, while the client is still
	// alive.
	LockDelay bool

	// Drain is how long holders may take to release their locks after Run's context has ended.
	// Default: 10 s. At most a year. None: no time at all.
	Drain time.Duration

	// IdleNames is how many lock names the broker remembers after their last use, for the
	// listing. Default: 10,000. None: it remembers none.
	IdleNames int

	// MaxRequests is how many requests of all sessions together may wait or hold. A request
	// counts once for each of its locks, and once more for every 256 bytes of a lock's name.
	// Every session may have 16, counted in the same way, whatever others have. Further requests
	// are refused with too_many. Default: 1,000,000, which take about 250 MB.
	MaxRequests int

	// MaxWatches is how many watches all sessions together may have. Every session may have 2,
	// whatever others have. Further watches are refused with too_many. Default: 100,000, which
	// take about 60 MB if their globs are long.
	MaxWatches int

	// Quota is what one identity may use, or one address whose clients have no identity.
	// [Broker.SetQuota] replaces it while the broker runs.
	Quota Quota

	// MaxDue is how many bytes may wait to be sent to all clients together. Above this limit,
	// the broker cuts off the slowest client: among the sessions of the identity or address
	// with the most unsent bytes, the one with the most. Default: 256 MiB.
	MaxDue int64

	// MaxPages is how many answers to info, why and clients, of up to 256 KiB each, may be on
	// their way to clients. One identity, or address, may have at most half of them. Further
	// requests for such answers wait. Default: 32.
	MaxPages int

	// MaxMemory is about how many bytes the broker may use for requests, watches, connections and
	// what is queued or unsent. It is compared with an estimate of the reachable heap and of the
	// stacks. Above it, acquires and watches are refused with too_many, connections are refused
	// with 503, and a quarter of MaxDue may be unsent. Everything that frees memory works. Every
	// session may still have 16 requests and 2 watches, and an eighth of MaxMemory is for
	// messages of more than 4 KiB. Default: 600 MiB.
	//
	// Set the memory limit of the Go runtime to half as much again, for what is not reachable any
	// longer. See debug.SetMemoryLimit.
	MaxMemory int64

	// BasePath is the path below which [Broker.Handler] serves everything, for a proxy that passes
	// only a part of a host's paths. With "/locks", the endpoint is /locks/ws, and all other paths are
	// answered with 404. Each part of BasePath consists of ASCII letters, digits, "-", "_", "." and
	// "~", and is not "." or "..". There is no slash at the end. "": no base path.
	BasePath string

	// PublicURLs lists the URLs of the broker as browsers see them, such as
	// "https://locks.example": scheme, host, and the port unless it is the scheme's default. There is
	// no path, not even BasePath, because a browser does not send one: every page of the origin may
	// use the broker.
	// Pages served at such a URL, for example by a proxy in front of the broker, are the
	// broker's own, whatever Host header the proxy passes. Default: none.
	//
	// If a proxy passes the Host header, AllowedHosts has the same effect for the whole host
	// name. AllowOrigins is for pages that are served elsewhere.
	PublicURLs []string

	// AllowOrigins lists the origins of web pages that may use the broker, in addition to pages
	// from its own host and port (see PublicURLs and AllowedHosts). Default: none. Each entry is
	// one of:
	//
	//   - "https://app.example"
	//   - "https://*.app.example": all subdomains of app.example, at any depth
	//   - "http://localhost:*": any port of localhost
	//   - "null": pages without an origin, such as local files
	//   - "*": every page
	//
	// Schemes are http, https and those of browser extensions, such as "chrome-extension://ID".
	// Programs other than browsers send no Origin header, and are always accepted.
	AllowOrigins []string

	// AllowedHosts lists the host names of the broker under which its own pages may use it:
	// "locks.example", or "*.example" for all subdomains of a name. IP addresses, localhost and
	// its subdomains are always allowed. Pages under any other name are refused, because the
	// owner of that name could point it at the broker (DNS rebinding). Default: none.
	AllowedHosts []string

	// ClientFiles holds the files of the JavaScript client, for web pages. The broker serves
	// each .js and .d.ts file in its top directory under the file's name, such as /client.js.
	// Package wsclient/js provides these files. nil: no files are served.
	ClientFiles fs.FS

	// Dashboard holds the files of a page that shows the locks. The broker serves index.html at /, and
	// the other .html, .css, .js and .svg files in its top directory below /dashboard/. Package
	// dashboard provides these files; they need ClientFiles, too. nil: there is no page.
	//
	// With it, the broker also serves /history: how many requests were granted and how many waited in
	// each of the last 900 seconds, and the longest wait and hold. It asks the event loop for these
	// numbers once a second. Whoever may list all locks, or read the metrics, may read them. Without
	// credentials, that is everybody who may connect.
	//
	// The page is served at hosts where it may connect: see PublicURLs, AllowedHosts and AllowOrigins.
	// At others, the answer is 403 and says why.
	Dashboard fs.FS

	// MaxConnections is how many clients may be connected at the same time. Further upgrades
	// are refused with 503. Default: 20,000.
	MaxConnections int

	// MaxConnectionsPerAddress is how many clients may be connected from one IPv4 address or
	// one IPv6 /64 network. Further upgrades are refused with 429. Behind a proxy, all clients
	// have the proxy's address. Default: half of MaxConnections.
	MaxConnectionsPerAddress int

	// MaxConnectionsPerIdentity is how many clients may be connected with one identity, if the
	// broker asks for credentials. Further upgrades are refused with 429. Default: half of
	// MaxConnections.
	MaxConnectionsPerIdentity int

	// Access says who may connect and who may do what. nil: everybody may do everything.
	// [Broker.SetAccess] replaces it while the broker runs.
	Access *access.Control

	// Audit receives the records of the audit, one after another, from one goroutine. An
	// [AuditEvent] says what is recorded. nil: nothing is recorded.
	//
	// If it returns an error, it gets the same record again a second later. If it is slow, blocks or
	// fails, up to 10,000 records wait, and twice as many of those that clients cannot cause at will.
	// Further records are dropped: the log says so at once, and a record with their number stands at
	// their place. The broker goes on, with one exception: a session that has stolen or evicted gets no
	// turn, and does not end, until its record is written, but at most for 5 s. At the end of Run, the
	// last records have 5 s. If Audit is still blocked then, its goroutine is left behind.
	Audit func(AuditRecord) error

	// WarnAfter is the age from which the longest wait and the longest hold are logged, at warn level, with
	// the lock and the client: once, and again each time the age has doubled. Only sessions that are open
	// count. Default: a minute. None: nothing is logged.
	WarnAfter time.Duration

	// MetricsLocks are globs of the locks that have metrics of their own, which name them. Default: none.
	// Everybody who may read the metrics learns these names. A series stays until the end of the run, so
	// at most MaxMetricsLocks locks have some, the first ones that were used. A client that may acquire locks
	// with such names can use up the series.
	MetricsLocks []string

	// MaxMetricsLocks is described at MetricsLocks. Default: 100. At most 1,000.
	MaxMetricsLocks int

	// MoreMetrics are shown at /metrics beside those of the broker, for example those of the Go runtime.
	// nil: none.
	MoreMetrics prometheus.Gatherer

	// TrustedProxies are the networks of proxies whose Forwarded or X-Forwarded-For header says from
	// which address a client connects. Each address in it counts only if a trusted proxy has
	// added it. Default: none.
	TrustedProxies []netip.Prefix

	// MaxHandshakes is how many HTTP connections [Broker.Server] keeps that are not, or not
	// yet, WebSocket connections. One address may have at most half of them. Above the limit,
	// the oldest is closed once it has had a short time, of at most half a second. Default:
	// 4,000.
	MaxHandshakes int

	// HandshakesPerSecond is how many connections one address, or one IPv6 /64, may make to
	// [Broker.Server] each second. Before that, it may make HandshakeBurst connections at once: so
	// many clients behind one address can reconnect together. Connections above this rate are
	// closed at once. TrustedProxies are exempt. Default: 200.
	HandshakesPerSecond int

	// HandshakeBurst is described at HandshakesPerSecond. Default: 10,000.
	HandshakeBurst int
}

// WithDefaults returns what [New] makes of the config: defaults are filled in, and [None] is replaced
// by 0. It returns an error if the config is invalid. Do not pass the result to New, which would take
// the zeros for defaults.
func (c Config) WithDefaults() (Config, error) {
	setDefault(&c.Timeout, 15*time.Second)
	setDefault(&c.Heartbeat, c.Timeout/3)
	setDefaultOrNone(&c.Drain, 10*time.Second)
	setDefaultOrNone(&c.IdleNames, 10_000)
	setDefaultOrNone(&c.WarnAfter, time.Minute)
	setDefault(&c.MaxConnections, 20_000)
	setDefault(&c.MaxConnectionsPerAddress, max(c.MaxConnections/2, 1))
	setDefault(&c.MaxConnectionsPerIdentity, max(c.MaxConnections/2, 1))
	setDefault(&c.MaxHandshakes, 4_000)
	setDefault(&c.HandshakesPerSecond, 200) // with TLS, an eighth of a processor: see package bench
	setDefault(&c.HandshakeBurst, 10_000)

	setDefault(&c.MaxRequests, 1_000_000)
	setDefault(&c.MaxWatches, 100_000)
	setDefault(&c.MaxDue, 256<<20)
	setDefault(&c.MaxPages, 32)
	setDefault(&c.MaxMetricsLocks, 100)
	setDefault(&c.MaxMemory, 600<<20)

	limits := wire.DefaultLimits()
	setDefault(&c.Limits.MessageBytes, limits.MessageBytes)
	setDefault(&c.Limits.NameBytes, limits.NameBytes)
	setDefault(&c.Limits.AuthorBytes, limits.AuthorBytes)
	setDefault(&c.Limits.LocksPerRequest, limits.LocksPerRequest)
	setDefault(&c.Limits.Requests, limits.Requests)
	if err := c.check(); err != nil {
		return c, err
	}
	var err error
	if c.Cluster, err = c.Cluster.withDefaults(c.StateDir); err != nil {
		return c, err
	}
	c.Quota, err = c.Quota.withDefaults(&c)
	return c, err
}

// setDefault replaces 0 with a default.
func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// setDefaultOrNone replaces 0 with a default, and None with 0.
func setDefaultOrNone[T int | time.Duration](field *T, value T) {
	setDefault(field, value)
	*field = max(*field, 0)
}
