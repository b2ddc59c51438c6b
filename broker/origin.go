package broker

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// CheckOrigin returns an error if pattern is not valid in [Config].AllowOrigins.
func CheckOrigin(pattern string) error {
	_, err := parseOriginPattern(pattern)
	return err
}

// CheckHost returns an error if name is not valid in [Config].AllowedHosts.
func CheckHost(name string) error {
	_, err := parseHostPattern(name)
	return err
}

// originBytes is how long an Origin or Host header may be.
const originBytes = 1 << 10

// origins says which pages may use the broker, in addition to the broker's own. A browser sends the
// page's origin with a request (RFC 6454); other programs send none.
//
// A page is the broker's own if its host and port are those of the request, and the host is a known
// name of the broker: an IP address, localhost, or one of hosts. Any other name may belong to
// somebody else, who can point it at the broker for a moment (DNS rebinding). To the browser, that
// owner's page and the broker then have the same origin. An IP address cannot be pointed elsewhere.
//
// A page of a public URL is the broker's own too, whatever host the request names: a proxy in front
// of the broker may replace the Host header, and may remove TLS.
//
// If a request has no Origin, its Host is not checked. Browsers send an Origin with every WebSocket
// handshake. So the request either comes from another program, which may call the broker by any
// name, or is a plain GET. Its answer contains no secrets, with one exception: see checkHost.
type origins struct {
	all      bool
	patterns []originPattern
	hosts    []hostPattern
	public   []origin // of the public URLs
}

func parseOrigins(patterns, hosts, urls []string) (o origins, err error) {
	for _, text := range urls {
		page, err := parsePublicURL(text)
		if err != nil {
			return origins{}, fmt.Errorf("PublicURLs: %w", err)
		}
		o.public = append(o.public, page)
	}
	for _, text := range patterns {
		if text == "*" {
			o.all = true
			continue
		}
		p, err := parseOriginPattern(text)
		if err != nil {
			return origins{}, fmt.Errorf("AllowOrigins: %w", err)
		}
		o.patterns = append(o.patterns, p)
	}
	for _, text := range hosts {
		p, err := parseHostPattern(text)
		if err != nil {
			return origins{}, fmt.Errorf("AllowedHosts: %w", err)
		}
		o.hosts = append(o.hosts, p)
	}
	return o, nil
}

// A judgement says whether a request may use the broker, and if not, why.
type judgement int

const (
	originAllowed   judgement = iota
	originForeign             // a page of another origin
	originOtherHost           // a page of the requested host, but that is no known name of the broker
	originMalformed           // no browser sends such an Origin
)

// judge allows requests from programs other than browsers, from the broker's own pages, and from
// pages whose origin matches a pattern.
func (o origins) judge(r *http.Request) judgement {
	if _, ok := r.Header["Origin"]; !ok {
		return originAllowed
	}
	page, ok := originOf(r)
	if !ok {
		return originMalformed
	}
	if o.all || slices.Contains(o.public, page) {
		return originAllowed
	}
	for _, p := range o.patterns {
		if p.matches(page) {
			return originAllowed
		}
	}
	switch {
	case !page.asksItself(r):
		return originForeign
	case !o.isOwnHost(page.host):
		return originOtherHost
	}
	return originAllowed
}

// originOf returns the origin of the page that sent r. ok is false if no browser sends such headers.
func originOf(r *http.Request) (page origin, ok bool) {
	sent := r.Header["Origin"]
	if len(sent) != 1 || len(sent[0]) > originBytes || len(r.Host) > originBytes {
		return page, false
	}
	return parseOrigin(sent[0])
}

// isOwnHost reports whether host is a known name of the broker.
func (o origins) isOwnHost(host string) bool {
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	for _, p := range o.hosts {
		if p.matches(host) {
			return true
		}
	}
	return false
}

// A hostPattern matches host names.
type hostPattern struct {
	host       string
	subdomains bool // match subdomains of host, but not host itself
}

func (p hostPattern) matches(host string) bool {
	if p.subdomains {
		return strings.HasSuffix(host, "."+p.host)
	}
	return p.host == host
}

func parseHostPattern(text string) (p hostPattern, err error) {
	p.host = strings.ToLower(text)
	if cut, ok := strings.CutPrefix(p.host, "*."); ok {
		p.host, p.subdomains = cut, true
	}
	if !consistsOf(p.host, nameLetters) || strings.HasPrefix(p.host, ".") {
		return p, fmt.Errorf(
			`host %q: want a name like "locks.example" or "*.example", without scheme and port`, text)
	}
	return p, nil
}

// An origin is where a page comes from. Pages without an origin, such as local files, send "null",
// which is stored as a scheme without a host.
type origin struct {
	scheme, host, port string // port is "" if it is the scheme's default
}

// An originPattern matches origins.
type originPattern struct {
	origin
	subdomains bool // match subdomains of host, but not host itself
	anyPort    bool
}

func (p originPattern) matches(o origin) bool {
	return p.scheme == o.scheme && (p.anyPort || p.port == o.port) && p.matchesHost(o.host)
}

func (p originPattern) matchesHost(host string) bool {
	if p.subdomains {
		return strings.HasSuffix(host, "."+p.host)
	}
	return p.host == host
}

func parseOriginPattern(text string) (originPattern, error) {
	var p originPattern
	plain := text
	if cut, ok := strings.CutSuffix(plain, ":*"); ok {
		p.anyPort, plain = true, cut
	}
	if scheme, host, ok := strings.Cut(plain, "://*."); ok {
		p.subdomains, plain = true, scheme+"://"+host
	}
	var ok bool
	p.origin, ok = parseOrigin(strings.ToLower(plain))
	if !ok && text != "*" || p.host == "" && p.anyPort || p.anyPort && p.port != "" {
		return p, fmt.Errorf(`origin %q: want one like "https://app.example", "https://*.app.example", `+
			`"http://localhost:*" or "*"`, text)
	}
	return p, nil
}

// nameLetters lists the characters that host names consist of when browsers send them.
const nameLetters = "abcdefghijklmnopqrstuvwxyz0123456789-._"

// parseOrigin parses an Origin header as browsers send it: the scheme, the host, and the port
// unless it is the scheme's default. The scheme is http, https or one that a browser uses for
// extensions. Browsers write hosts in lower case, except for the ids of extensions.
func parseOrigin(text string) (o origin, ok bool) {
	if text == "null" {
		return origin{scheme: text}, true
	}
	o.scheme, o.host, ok = strings.Cut(text, "://")
	if !ok {
		return o, false
	}
	switch {
	case strings.HasSuffix(o.scheme, "-extension") && consistsOf(o.scheme, "abcdefghijklmnopqrstuvwxyz-"):
		o.host = strings.ToLower(o.host)
		return o, consistsOf(o.host, nameLetters)
	case o.scheme != "http" && o.scheme != "https":
		return o, false
	}
	if i := strings.LastIndexByte(o.host, ':'); i > strings.LastIndexByte(o.host, ']') {
		o.host, o.port = o.host[:i], o.host[i+1:]
		if !isPort(o.port) {
			return o, false
		}
		if o.port == o.defaultPort() {
			o.port = ""
		}
	}
	if inner, ok := strings.CutPrefix(o.host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		return o, ok && consistsOf(inner, "0123456789abcdef:.")
	}
	return o, consistsOf(o.host, nameLetters)
}

// defaultPort returns the default port of o's scheme, which browsers omit.
func (o origin) defaultPort() string {
	if o.scheme == "https" {
		return "443"
	}
	return "80"
}

// asksItself reports whether r, sent by a page of o, goes to that page's own host and port. If the
// connection has no TLS, a proxy may have removed it. So without TLS, a Host without a port stands
// for the default port of o's scheme.
func (o origin) asksItself(r *http.Request) bool {
	name, port := splitHost(r.Host)
	if port == "" {
		port = o.defaultPort()
		if r.TLS != nil {
			port = "443"
		}
	}
	own := o.port
	if own == "" {
		own = o.defaultPort()
	}
	return o.host != "" && name == o.host && port == own
}

// splitHost splits a Host header into the name, in lower case, and the port, or "". An IPv6 address keeps
// its brackets.
func splitHost(header string) (name, port string) {
	name = strings.ToLower(header)
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, ']') {
		name, port = name[:i], name[i+1:]
	}
	return name, port
}

// isPort reports whether text is a port from 1 to 65535, in decimal without leading zeros.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0 && text[0] != '0'
}

func consistsOf(text, letters string) bool {
	return text != "" && strings.Trim(text, letters) == ""
}
