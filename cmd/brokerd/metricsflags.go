package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/net/netutil"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/listen"
)

// metricsFlags say what brokerd tells about its work, and where.
type metricsFlags struct {
	AdminListen     []string      `env:"BROKERD_ADMIN_LISTEN" placeholder:"ADDRESS" help:"Also listen on this address, without TLS, and serve /metrics, /livez, /readyz and /debug/pprof/ there to anyone who can connect: HOST:PORT, unix:/PATH or systemd:NAME, as --listen. May be repeated."`
	MetricsLock     []string      `env:"BROKERD_METRICS_LOCK" placeholder:"GLOB" help:"Give the locks whose names match this glob metrics of their own. Everybody who may read the metrics sees the names. May be repeated."`
	MetricsMaxLocks int           `default:"100" env:"BROKERD_METRICS_MAX_LOCKS" help:"Maximum number of locks with metrics of their own, at most 1000: the first ones that are used."`
	WarnAfter       time.Duration `default:"1m" env:"BROKERD_WARN_AFTER" help:"Log the longest wait and the longest hold, with the lock and the client, once they exceed this, and again each time they have doubled. 0s: never."`
}

func (f *metricsFlags) validateMetrics() error {
	switch {
	case f.MetricsMaxLocks < 1 || f.MetricsMaxLocks > 1000:
		return errors.New("--metrics-max-locks: want 1 to 1000")
	case f.WarnAfter < 0:
		return errors.New("--warn-after: want 0s or more")
	}
	for _, pattern := range f.MetricsLock {
		if !glob.Valid(pattern) || glob.Cost(pattern) > glob.MaxCost {
			return fmt.Errorf("--metrics-lock is %.80q: want a glob that is not too long", pattern)
		}
	}
	return nil
}

// validateAdmin refuses addresses that cannot be parsed, and those with the PROXY protocol.
func (f *flags) validateAdmin() error {
	taken := map[listen.Address]bool{listen.TCP(f.Host, f.Port).Place(): len(f.Listen) == 0 && f.Port != 0}
	for _, text := range f.Listen {
		if address, err := listen.Parse(text); err == nil {
			taken[address.Place()] = true
		}
	}
	for _, text := range f.AdminListen {
		address, err := listen.Parse(text)
		if err != nil {
			return fmt.Errorf("--admin-listen: %w", err)
		}
		if address.IsProxied() {
			return fmt.Errorf("--admin-listen is %.80q: it has no PROXY protocol", text)
		}
		if taken[address.Place()] && !address.IsAnyPort() {
			return fmt.Errorf("--admin-listen is %.80q: clients use this address already", text)
		}
	}
	return nil
}

func (f *metricsFlags) setMetrics(c *broker.Config) {
	c.MetricsLocks, c.MaxMetricsLocks, c.WarnAfter = f.MetricsLock, f.MetricsMaxLocks, f.WarnAfter
	if f.WarnAfter == 0 {
		c.WarnAfter = broker.None
	}
}

// listenAdmin opens the sockets of --admin-listen, or none.
func (f *metricsFlags) listenAdmin(ctx context.Context) ([]listen.Socket, error) {
	sockets, err := listenAll(ctx, f.AdminListen, "--admin-listen")
	for i := range sockets {
		sockets[i].Listener = netutil.LimitListener(sockets[i].Listener, adminConnections)
	}
	return sockets, err
}
