package broker

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// checkHost returns why a page at the host of a request could not use the broker, or nil if it could.
//
// The browser would hide from the page why its connection is refused. So the page is refused already,
// with the reason. The history needs the same check for another reason: a browser sends no Origin with a
// plain GET of the page's own host, so only the Host header tells a page apart whose owner has pointed
// its name at the broker (DNS rebinding).
func (b *Broker) checkHost(r *http.Request) *refusal {
	if b.origins.Load().hasPagesAt(r.Host) {
		return nil
	}
	name, _ := splitHost(r.Host)
	if CheckHost(name) != nil {
		name = "NAME"
	}
	const format = "pages at the host %s may not use the broker: this host is not a known name of the broker. " +
		"If it is one, start the broker with brokerd --allowed-host %s, or with --public-url URL if a proxy " +
		"serves the broker there, or the same in Config"
	return &refusal{http.StatusForbidden, fmt.Sprintf(format, printable.Text(r.Host), name)}
}

// hasPagesAt reports whether a page at the given Host may use the broker.
func (o origins) hasPagesAt(header string) bool {
	if len(header) > originBytes {
		return false
	}
	host, port := splitHost(header)
	if o.all || o.isOwnHost(host) {
		return true
	}
	for _, page := range o.public {
		if (originPattern{origin: page}).hasPagesAt(host, port) {
			return true
		}
	}
	for _, p := range o.patterns {
		if p.hasPagesAt(host, port) {
			return true
		}
	}
	return false
}

// hasPagesAt reports whether an origin that matches the pattern can have a page at a host and port. Some
// proxies leave the port out of the Host header, so no port stands for any port.
func (p originPattern) hasPagesAt(host, port string) bool {
	switch {
	case p.scheme != "http" && p.scheme != "https" || !p.matchesHost(host):
		return false
	case port == "" || p.anyPort:
		return true
	}
	return port == cmp.Or(p.port, p.defaultPort())
}
