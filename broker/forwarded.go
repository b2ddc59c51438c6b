package broker

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// A client that connects through a proxy has the proxy's address. The proxy passes the client's own
// address in a header, which anybody can send. So these headers count only if they come from a proxy
// that the operator trusts, and only as far as each address in them was added by such a proxy.

// remoteOf returns the address of the client that sends a request: IP address and port, or the IP
// address alone if only a proxy knows the port.
//
// A trusted proxy that adds to one of the headers may pass the other one as a client has sent it. So a
// request with both is refused.
//
// A standby of the cluster that passes a request on is trusted like a proxy, wherever it is.
func (b *Broker) remoteOf(r *http.Request) (string, *refusal) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if !b.isPassedOn(r) && (err != nil || !b.config.trusts(peer.Addr())) {
		return r.RemoteAddr, nil
	}
	if len(r.Header["Forwarded"]) > 0 && len(r.Header["X-Forwarded-For"]) > 0 {
		return r.RemoteAddr, &refusal{http.StatusBadRequest, "want either Forwarded or X-Forwarded-For"}
	}
	remote := r.RemoteAddr
	for _, element := range slices.Backward(forwardedFor(r.Header)) {
		addr, ok := parseNode(element)
		if !ok {
			break // the proxy before knows no more
		}
		remote = addr.String()
		if !b.config.trusts(addr) {
			break
		}
	}
	return remote, nil
}

// trusts reports whether a trusted proxy has this address.
func (c *Config) trusts(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(c.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// forwardedFor returns the addresses that proxies have added, in order: those of Forwarded (RFC 7239),
// or those of X-Forwarded-For if there is no Forwarded.
func forwardedFor(h http.Header) []string {
	if _, given := h["Forwarded"]; !given {
		return listOf(h, "X-Forwarded-For")
	}
	var nodes []string
	for _, element := range listOf(h, "Forwarded") {
		node := "" // an element without for= hides the client
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if strings.EqualFold(name, "for") {
				node = strings.Trim(value, `"`)
			}
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// parseNode parses an address as proxies write it, perhaps with a port, which it drops.
func parseNode(text string) (netip.Addr, bool) {
	if with, err := netip.ParseAddrPort(text); err == nil {
		return with.Addr().Unmap().WithZone(""), true
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	addr, err := netip.ParseAddr(text)
	return addr.Unmap().WithZone(""), err == nil
}
