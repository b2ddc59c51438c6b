package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// logStart logs where brokerd listens, what other machines can do there without credentials or TLS, and in one more
// line what else it lacks for production. That line is a warning if other machines can connect.
func (f *flags) logStart(log zerolog.Logger, on []endpoint, config broker.Config) {
	for _, e := range on {
		line := log.Info().Str("address", e.address).Stringer("timeout", config.Timeout).
			Str("version", cli.BuildVersion())
		if e.tcp && f.usesTLS() {
			line.Bool("tls", true)
		}
		if e.proxied {
			line.Str("proxy_protocol", "required")
		}
		if f.BasePath != "" {
			line.Str("base_path", f.BasePath)
		}
		if page := f.dashboardURL(e); page != "" {
			line.Str("dashboard", page)
		}
		line.Msg("listening")
	}
	open := openTo(on)
	if text := f.exposure(on); text != "" {
		log.Warn().Str("address", open).Msg(text)
	}
	if text := f.exposureByProxy(); text != "" && f.exposure(on) == "" {
		log.Warn().Str("address", addressesOf(on)).Msg(text)
	}
	missing := f.missing(config.MaxConnections, slices.ContainsFunc(on, func(e endpoint) bool { return e.proxied }))
	if len(missing) == 0 {
		return
	}
	line := log.Info().Str("address", addressesOf(on))
	if open != "" {
		line = log.Warn().Str("address", open)
	}
	line.Msg("not ready for production: " + strings.Join(missing, "; "))
}

// logAdmin logs where brokerd serves the metrics to anyone.
func (f *flags) logAdmin(log zerolog.Logger, on []endpoint) {
	for _, e := range on {
		log.Info().Str("address", e.address).Bool("admin", true).Msg("listening")
	}
	if open := openTo(on); open != "" {
		log.Warn().Str("address", open).Msg("other machines can connect to --admin-listen: " +
			"anyone who reaches the address may read the metrics and record profiles")
	}
}

// missing returns what this run lacks for production, besides credentials and TLS. connections is how many clients may
// be connected. proxied says that some connect with the PROXY protocol.
func (f *flags) missing(connections int, proxied bool) (all []string) {
	if f.StateDir == "" && len(f.Etcd) == 0 {
		all = append(all, "without --state-dir, fencing tokens rise across a restart only if "+
			"this machine's clock is not set back, and after a crash locks are granted at once, "+
			"although there may be stale holders")
	}
	proxy := ""
	switch {
	case f.LockDelay:
	case len(f.PublicURL) > 0:
		proxy = "the proxy of --public-url"
	case proxied:
		proxy = "a proxy with the PROXY protocol"
	case len(f.TrustedProxy) > 0:
		proxy = "the proxy of --trusted-proxy"
	case f.BasePath != "":
		proxy = "the proxy of --base-path"
	}
	if proxy != "" {
		all = append(all, "without --lock-delay, locks go to others at once when "+proxy+
			" cuts a connection, although the client may treat them as held")
	}
	if connections < f.MaxConnections {
		all = append(all, fmt.Sprintf("the limit of open files (ulimit -n) allows %d connections, "+
			"fewer than --max-connections, %d", connections, f.MaxConnections))
	}
	return all
}
