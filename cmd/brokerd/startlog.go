package main

import (
	"fmt"
	"strings"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// logStart logs where brokerd listens, and in one more line what it lacks for production. That line is a warning if
// other machines can connect.
func (f *flags) logStart(log zerolog.Logger, on []endpoint, config broker.Config) {
	for _, e := range on {
		log.Info().Str("address", e.address).Stringer("timeout", config.Timeout).
			Str("version", cli.BuildVersion()).Msg("listening")
	}
	open := openTo(on)
	missing := f.missing(open != "", config.MaxConnections)
	if len(missing) == 0 {
		return
	}
	line := log.Info().Str("address", addressesOf(on))
	if open != "" {
		line = log.Warn().Str("address", open)
	}
	line.Msg("not ready for production: " + strings.Join(missing, "; "))
}

// missing returns what this run lacks for production. open says that other machines can connect. connections is how
// many clients may be connected.
func (f *flags) missing(open bool, connections int) (all []string) {
	if f.StateDir == "" {
		all = append(all, "without --state-dir, fencing tokens rise across a restart only if "+
			"this machine's clock is not set back, and after a crash locks are granted at once, "+
			"although there may be stale holders")
	}
	if open {
		all = append(all, "other machines can connect, and there are no credentials and no TLS: "+
			"anyone who reaches the port may do everything")
	}
	if len(f.PublicURL) > 0 && !f.LockDelay {
		all = append(all, "without --lock-delay, locks go to others at once when the proxy of "+
			"--public-url cuts a connection, although the client may treat them as held")
	}
	if connections < f.MaxConnections {
		all = append(all, fmt.Sprintf("the limit of open files (ulimit -n) allows %d connections, "+
			"fewer than --max-connections, %d", connections, f.MaxConnections))
	}
	return all
}
