package broker

import (
	"io/fs"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// None stands for zero in a [Config], in whose fields 0 means the default.
const None = -1

// Config says how a broker behaves. The zero value works.
//
// One rule holds for every number and duration: 0 means the default. In Drain and IdleNames, where
// zero is a sensible value too, [None] or any other negative value means zero. In all other fields
// a negative value is an error of [New].
type Config struct {
	// Logger receives what an operator may want to know later: at info level the sessions that
	// come and go, at debug level every event of a request. The zero Logger discards
	// everything.
	//
	// At debug level the broker waits while a line is written. A line that takes a minute ends
	// the process.
	Logger zerolog.Logger

	// Heartbeat is how often the broker pings each client, and each client the broker. At least
	// a millisecond, at most half of Timeout. Default a third of Timeout.
	Heartbeat time.Duration

	// Timeout is the session timeout: a connection that is silent for longer is closed, and its
	// locks go to others. Default 15 s, at most a year.
	Timeout time.Duration

	// Limits bound what clients may send. A field that is 0 has its default, as in
	// [wire.DefaultLimits].
	Limits wire.Limits

	// StateDir is a directory in which the broker keeps a limit of the fencing tokens that it
	// has given out. New makes the directory if it does not exist. One broker can use it at a
	// time.
	//
	// With StateDir, tokens rise over restarts, even after a crash or a loss of power. After an
	// end that was not clean, nothing is granted until the clients of that run have given up
	// their locks. A directory that was restored from a backup counts as such an end; tokens
	// then begin at the clock of the machine if that is more. If the disk fails, the broker
	// goes on serving, and grants as long as it has reserved tokens.
	//
	// "": tokens start from the clock of the machine, and rise over a restart only if that
	// does. Nothing waits for the clients of the last run.
	StateDir string

	// LockDelay keeps the locks of every client that ends without a goodbye until it has been
	// silent for Timeout.
	//
	// Without LockDelay, these locks go to others at once in two cases. The client has answered
	// a close frame of the broker, or the kernel of its machine has ended the connection (FIN
	// or RST). A proxy or firewall in between can send these as well, while the client is
	// alive.
	LockDelay bool

	// Drain is how long holders may take to release their locks after the end of Run's context.
	// Default 10 s, at most a year; None: no time at all.
	Drain time.Duration

	// IdleNames is how many lock names the broker remembers after their last use, for the
	// listing. Default 10,000; None: it remembers none.
	IdleNames int

	// MaxRequests is how many requests of all sessions together may wait or hold. A request
	// counts once for each of its locks, and once more for every 256 bytes of their names. One
	// identity, or address, may have half of them. Every session may have 16, whatever others
	// have. More are refused with too_many. Default 1,000,000, which take about 250 MB.
	MaxRequests int

	// MaxWatches is how many watches there may be. One identity, or address, may have half of
	// them. Every session may have 2, whatever others have. More are refused with too_many.
	// Default 100,000, which take about 60 MB with long globs.
	MaxWatches int

	// MaxDue is how many bytes may wait to be sent to all clients together. Above it, the
	// client with the most is cut off. Default 256 MiB.
	MaxDue int64

	// MaxPages is how many pages of the listing, and chains of why, may be on their way to
	// clients, each up to 256 KiB. One identity, or address, may have half of them. Other
	// requests for pages wait. Default 32.
	MaxPages int

	// AllowOrigins are the origins of pages that may use the broker from a browser, in addition
	// to pages from its own host and port (see AllowedHosts). Default: none. Each is one of:
	//
	//   - "https://app.example"
	//   - "https://*.app.example": its subdomains, at any depth
	//   - "http://localhost:*": any port
	//   - "null": pages without an origin, such as files
	//   - "*": every page
	//
	// Schemes are http, https and those of browser extensions, such as "chrome-extension://ID".
	// Programs other than browsers send no Origin header, and are always accepted.
	AllowOrigins []string

	// AllowedHosts are the names by which pages may call the broker as their own host:
	// "locks.example", or "*.example" for the subdomains of a name. IP addresses, localhost and
	// its subdomains are always allowed. Pages of any other name are refused, because the owner
	// of that name can make it lead to the broker. Default: none.
	AllowedHosts []string

	// ClientFiles are the files of the JavaScript client, for pages. The broker serves each .js
	// and .d.ts file of the top directory under its name, such as /client.js. Package
	// wsclient/js has these files. nil: no files are served.
	ClientFiles fs.FS

	// MaxConnections is how many clients may be connected. Further upgrades are refused with
	// 503. Default 20,000.
	MaxConnections int

	// MaxConnectionsPerAddress is how many clients of one IP address, or of one /64 of IPv6,
	// may be connected. Further upgrades are refused with 429. Behind a proxy all clients have
	// the address of the proxy. Default half of MaxConnections.
	MaxConnectionsPerAddress int

	// MaxHandshakes is how many HTTP connections [Broker.Server] keeps that are not WebSocket
	// connections, or not yet. One address may have half of them. Above the limit, the oldest
	// is closed, after a short time that it always has. Default 4,000.
	MaxHandshakes int
}

// withDefaults returns the config with its defaults filled in, and [None] replaced by 0. It returns
// an error if the config is invalid.
func (c Config) withDefaults() (Config, error) {
	setDefault(&c.Timeout, 15*time.Second)
	setDefault(&c.Heartbeat, c.Timeout/3)
	setDefaultOrNone(&c.Drain, 10*time.Second)
	setDefaultOrNone(&c.IdleNames, 10_000)
	setDefault(&c.MaxConnections, 20_000)
	setDefault(&c.MaxConnectionsPerAddress, max(c.MaxConnections/2, 1))
	setDefault(&c.MaxHandshakes, 4_000)

	setDefault(&c.MaxRequests, 1_000_000)
	setDefault(&c.MaxWatches, 100_000)
	setDefault(&c.MaxDue, 256<<20)
	setDefault(&c.MaxPages, 32)

	limits := wire.DefaultLimits()
	setDefault(&c.Limits.MessageBytes, limits.MessageBytes)
	setDefault(&c.Limits.NameBytes, limits.NameBytes)
	setDefault(&c.Limits.AuthorBytes, limits.AuthorBytes)
	setDefault(&c.Limits.LocksPerRequest, limits.LocksPerRequest)
	setDefault(&c.Limits.Requests, limits.Requests)
	return c, c.check()
}

// setDefault replaces 0 by a default.
func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// setDefaultOrNone replaces 0 by a default, and None by 0.
func setDefaultOrNone[T int | time.Duration](field *T, value T) {
	setDefault(field, value)
	*field = max(*field, 0)
}
