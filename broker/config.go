package broker

import (
	"fmt"
	"io/fs"
	"math"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Config says how a broker behaves. The zero value works.
type Config struct {
	// Logger receives what people want to know later: sessions that come and
	// go at info level, requests at debug. The zero Logger discards all. At
	// debug level everybody waits while a line is written, and a line that takes a minute ends the process.
	Logger zerolog.Logger

	// Heartbeat is how often the broker pings each client, and each client the
	// broker. At least a millisecond, at most half of Timeout; default a third of it.
	Heartbeat time.Duration

	// Timeout is how long a connection may be silent before the broker closes
	// it and gives its locks to others. Default 15 s, at most a year.
	Timeout time.Duration

	// Limits are what clients may send; a field that is 0 has its default, as
	// in [wire.DefaultLimits].
	Limits wire.Limits

	// StateDir is a directory, made where it is not there, in which the broker
	// keeps from which fencing token on none was ever given out. So tokens rise
	// over restarts, whatever ends the broker, also a loss of power; and after
	// an end that was not clean nothing is granted until the clients of that run
	// have given up their locks. A directory that was restored
	// from a backup counts as such an end, and tokens begin at the clock of the
	// machine if that is more. While its disk fails the broker serves, and grants as long as
	// it has tokens. One broker can use it at a time. "": tokens start from the clock of the machine, and rise over
	// restarts as far as that does; nothing is waited for.
	StateDir string

	// LockDelay keeps the locks of every client that ends without a goodbye until it
	// has been silent for Timeout. Without it they go to others at once when the
	// client has answered a close frame of the broker, or the kernel of its machine has
	// ended the connection (FIN or RST), which a proxy or firewall in between can do as
	// well while the client is alive.
	LockDelay bool

	// Drain is how long holders may take to release their locks when Run's
	// context has ended. Default 10 s, at most a year; negative: no time at all.
	Drain time.Duration

	// IdleNames is how many lock names are remembered after their last use, for
	// the listing. Default 10,000; negative: none.
	IdleNames int

	// MaxRequests is how many requests may wait or hold at once, of all sessions together.
	// A request counts once for each of its locks, and once more for every 256 bytes of
	// their names. One identity, or address, may have half of them; and each session may have 16 whatever
	// others have. More is refused with too_many. Default 1,000,000, some 250 MB.
	MaxRequests int

	// MaxWatches is how many watches there may be at once; one identity, or address, may have
	// half of them, and each session may have 2 whatever others have. More is refused with too_many.
	// Default 100,000, some 60 MB with long globs.
	MaxWatches int

	// MaxDue is how many bytes may be due to all clients together. Beyond it the client to which most
	// is due is cut off. Default 256 MiB.
	MaxDue int64

	// MaxPages is how many pages of the listing, and chains of why, may be on their way to clients at
	// once, up to 256 KiB each; one identity, or address, may have half of them. Others wait for
	// their turn. Default 32.
	MaxPages int

	// AllowOrigins are the origins of pages that may use the broker from a browser,
	// beside pages from its own host and port (see AllowedHosts): "https://app.example";
	// "https://*.app.example", the subdomains of one, at any depth;
	// "http://localhost:*", any port; "null", pages without an origin, such as
	// files; "*", every page in the world. Schemes are http, https and those of browser
	// extensions, for example "chrome-extension://ID". Programs that are no
	// browsers send no Origin, and are accepted. Default: none.
	AllowOrigins []string

	// AllowedHosts are names by which pages may call the broker as their own host, beside
	// IP addresses, localhost and its subdomains: "locks.example"; "*.example" for
	// the subdomains of a name. Pages of any other name are refused, because its owner can make
	// it lead to the broker. Default: none.
	AllowedHosts []string

	// MaxConnections is how many clients may be connected at once, default 20,000, and
	// MaxConnectionsPerAddress how many of one IP address, or of one /64 of IPv6, default half
	// of that. Behind a proxy all have the address of the proxy. Further upgrades are
	// refused with 503 and 429.
	MaxConnections           int
	MaxConnectionsPerAddress int

	// ClientFiles are the files of the JavaScript client, for pages: the broker serves each .js and
	// .d.ts file of the top directory under its name, as /client.js. Package wsclient/js has
	// them. nil: no files are served.
	ClientFiles fs.FS

	// MaxHandshakes is how many HTTP connections that are not WebSocket connections, or
	// not yet, [Broker.Server] keeps at once; half of that of one address. Over that it
	// closes the oldest, once it had time. Default 4,000.
	MaxHandshakes int
}

// withDefaults returns the config with what was left out filled in, or says
// what is wrong with it.
func (c Config) withDefaults() (Config, error) {
	setDefault(&c.Timeout, 15*time.Second)
	setDefault(&c.Heartbeat, c.Timeout/3)
	setDefault(&c.Drain, 10*time.Second)
	setDefault(&c.IdleNames, 10_000)
	c.IdleNames = max(c.IdleNames, 0)
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

	switch l := c.Limits; {
	case c.Heartbeat < time.Millisecond || c.Heartbeat > c.Timeout/2:
		return c, fmt.Errorf("broker: Heartbeat is %v: want 1ms to half of Timeout, %v", c.Heartbeat, c.Timeout/2)
	case c.Timeout > millis(wire.MaxMillis):
		return c, fmt.Errorf("broker: Timeout is %v: want a year at most", c.Timeout)
	case c.Drain > millis(wire.MaxMillis):
		return c, fmt.Errorf("broker: Drain is %v: want a year at most", c.Drain)
	case min(l.MessageBytes, l.NameBytes, l.AuthorBytes, l.LocksPerRequest, l.Requests) < 0:
		return c, fmt.Errorf("broker: Limits are %+v: want none below 0", l)
	case max(l.MessageBytes, l.NameBytes, l.AuthorBytes, l.LocksPerRequest, l.Requests) > math.MaxInt32:
		return c, fmt.Errorf("broker: Limits are %+v: want none above %d, for clients of 32 bits", l, math.MaxInt32)
	case min(int64(c.MaxRequests), int64(c.MaxWatches), c.MaxDue, int64(c.MaxPages)) < 0:
		return c, fmt.Errorf("broker: MaxRequests %d, MaxWatches %d, MaxDue %d and MaxPages %d: want none below 0",
			c.MaxRequests, c.MaxWatches, c.MaxDue, c.MaxPages)
	case min(c.MaxConnections, c.MaxConnectionsPerAddress, c.MaxHandshakes) < 0:
		return c, fmt.Errorf("broker: MaxConnections is %d, MaxConnectionsPerAddress %d, MaxHandshakes %d: "+
			"want none below 0", c.MaxConnections, c.MaxConnectionsPerAddress, c.MaxHandshakes)
	}
	return c, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
