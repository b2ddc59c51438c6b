package main

import (
	"net"
	"net/netip"
	"strings"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/dashboard"
)

// dashboardFlags say whether there is a page that shows the locks.
type dashboardFlags struct {
	NoDashboard bool `env:"BROKERD_NO_DASHBOARD" help:"Do not serve the dashboard, a page at / that shows who holds and who waits, nor /history and /deadlocks, which it reads."`
}

func (f *dashboardFlags) setDashboard(c *broker.Config) {
	if !f.NoDashboard {
		c.Dashboard = dashboard.Files()
	}
}

// dashboardURL returns where a browser finds the dashboard, or "" if there is none or brokerd cannot know it.
func (f *flags) dashboardURL(e endpoint) string {
	switch {
	case f.NoDashboard:
		return ""
	case len(f.PublicURL) > 0:
		return strings.TrimSuffix(f.PublicURL[0], "/") + f.BasePath + "/"
	case !e.tcp || e.proxied:
		return ""
	}
	scheme := "http://"
	if f.usesTLS() {
		scheme = "https://"
	}
	return scheme + browsable(e.address) + f.BasePath + "/"
}

// browsable returns an address to which a browser on this machine can connect. A broker that listens on all
// interfaces has no such address itself.
func browsable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip, notIP := netip.ParseAddr(host); err == nil && notIP == nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return address
}
