package broker

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/lockbroker/lockbroker/broker/access"
)

// metricsPath is where the metrics are, below the base path.
const metricsPath = "/metrics"

// maxScrapes is how many scrapes may be under way.
const maxScrapes = 4

// MetricsHandler returns a handler that shows the metrics of the broker and [Config].MoreMetrics to anyone. Serve
// it where only those can connect who may see them. At most 4 requests are answered at a time, the others get
// 503.
func (b *Broker) MetricsHandler() http.Handler {
	own := prometheus.NewPedanticRegistry()
	own.MustRegister(b.Metrics())
	all := prometheus.Gatherers{own}
	if b.config.MoreMetrics != nil {
		all = append(all, b.config.MoreMetrics)
	}
	return promhttp.HandlerFor(all, promhttp.HandlerOpts{
		ErrorLog: b.logs.serverLog(), MaxRequestsInFlight: maxScrapes, EnableOpenMetrics: true,
	})
}

// guardMetrics shows the metrics only to requests that may read them.
func (b *Broker) guardMetrics(metrics http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if refused := b.mayReadMetrics(r); refused != nil {
			refused.answer(w)
			return
		}
		metrics.ServeHTTP(w, r)
	}
}

// mayReadMetrics returns why a request may not read the metrics, or nil if it may. If the broker asks for
// credentials, the permission decides. Otherwise only requests from this machine may, because the metrics
// tell strangers too much.
func (b *Broker) mayReadMetrics(r *http.Request) *refusal {
	var who introduction
	who.remote, _ = b.remoteOf(r)
	control, subject, refused := b.authenticate(r, &who)
	switch {
	case refused != nil:
		return refused
	case control != nil && !control.For(&subject).AllowsEverywhere(access.Metrics):
		refused = &refusal{http.StatusForbidden, "not permitted: this needs the permission metrics"}
		b.auditMetrics(&who, &subject, refused)
	case control == nil && !b.isFromThisMachine(r):
		refused = &refusal{http.StatusForbidden,
			"without credentials, the metrics are only for this machine: see brokerd --admin-listen"}
	}
	if refused != nil {
		b.logRefusal(r, refused.status, refused.help)
	}
	return refused
}

// isFromThisMachine reports whether a program on this machine has sent a request, by a loopback address or a Unix
// socket. A proxy on this machine passes requests of others. So this is false if the config says that there is a
// proxy, if a request has one of the headers that proxies add, and if it asks for another host than this
// machine, as a proxy may pass it. The latter is also what a page does whose host's owner points it at the
// broker (DNS rebinding).
func (b *Broker) isFromThisMachine(r *http.Request) bool {
	if len(b.config.TrustedProxies)+len(b.config.PublicURLs) > 0 {
		return false
	}
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if len(r.Header[header]) > 0 {
			return false
		}
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if _, isUnix := local.(*net.UnixAddr); isUnix {
		return true
	}
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !remote.Addr().Unmap().IsLoopback() {
		return false
	}
	return isLoopbackHost(hostOf(r))
}

// IsOwnHost reports whether a request asks for the broker by a name of its own: an IP address, localhost, or one of
// [Config].AllowedHosts. A page whose host's owner points it at the broker asks for another name.
func (b *Broker) IsOwnHost(r *http.Request) bool { return b.origins.Load().isOwnHost(hostOf(r)) }

// hostOf returns the host that a request asks for, without the port.
func hostOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return strings.ToLower(host)
	}
	return strings.ToLower(strings.Trim(r.Host, "[]"))
}

func isLoopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
