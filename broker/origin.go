package broker

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// CheckOrigin returns what is wrong with a pattern for [Config].AllowOrigins, or nil.
func CheckOrigin(pattern string) error {
	_, err := parseOriginPattern(pattern)
	return err
}

// CheckHost returns what is wrong with a name for [Config].AllowedHosts, or nil.
func CheckHost(name string) error {
	_, err := parseHostPattern(name)
	return err
}

// originBytes is the longest Origin or Host that is accepted.
const originBytes = 1 << 10

// origins says whose pages may use the broker, in addition to the broker's own. A browser sends the
// origin of the page with a request (RFC 6454); other programs send none.
//
// A page is the broker's own if its host and port are those of the request, and the host is a known
// name of the broker: an IP address, localhost, or one of hosts. Any other name may belong to
// somebody else, who can make it lead to the broker for a moment (DNS rebinding). The browser then
// takes that page for the broker's own. An IP address cannot be made to lead elsewhere.
//
// The Host of a request without an Origin is not checked. Browsers send an Origin with every
// WebSocket handshake. So such a request is from another program, which may call the broker by any
// name, or it is a plain GET, whose answer holds no secrets.
type origins struct {
	all      bool
	patterns []originPattern
	hosts    []hostPattern
}

func parseOrigins(patterns, hosts []string) (o origins, err error) {
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

// A judgement says whether a request may use the broker, or why not.
type judgement int

const (
	originAllowed   judgement = iota
	originForeign             // a page of another origin
	originOtherHost           // a page of the requested host, which is no known name of the broker
	originMalformed           // no browser sends such an Origin
)

// judge allows programs other than browsers, the broker's own pages, and pages that match a
// pattern.
func (o origins) judge(r *http.Request) judgement {
	sent, ok := r.Header["Origin"]
	if !ok {
		return originAllowed
	}
	if len(sent) != 1 || len(sent[0]) > originBytes || len(r.Host) > originBytes {
		return originMalformed
	}
	page, ok := parseOrigin(sent[0])
	if !ok {
		return originMalformed
	}
	if o.all {
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

// A hostPattern matches names of hosts.
type hostPattern struct {
	host       string
	subdomains bool // of host, and not host itself
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

// An origin is where a page comes from. Pages without an origin, such as files, have "null": a
// scheme without a host.
type origin struct {
	scheme, host, port string // port is "" for the default one of the scheme
}

// An originPattern matches origins.
type originPattern struct {
	origin
	subdomains bool // of host, and not host itself
	anyPort    bool
}

func (p originPattern) matches(o origin) bool {
	if p.scheme != o.scheme || !p.anyPort && p.port != o.port {
		return false
	}
	if p.subdomains {
		return strings.HasSuffix(o.host, "."+p.host)
	}
	return p.host == o.host
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

// nameLetters are the characters of host names, as browsers send them.
const nameLetters = "abcdefghijklmnopqrstuvwxyz0123456789-._"

// parseOrigin reads what browsers send: scheme and host, and the port unless it is the default of
// the scheme; nothing else. The scheme is http, https or that of a browser's extensions. Browsers
// write hosts in lower case, except the ids of extensions.
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

// defaultPort returns the port that origins of this scheme omit.
func (o origin) defaultPort() string {
	if o.scheme == "https" {
		return "443"
	}
	return "80"
}

// asksItself reports whether a page of o sends a request to its own host and port. If the
// connection has no TLS, a proxy may have removed it. So a Host without a port then has the port of
// o's scheme.
func (o origin) asksItself(r *http.Request) bool {
	name, port := strings.ToLower(r.Host), ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, ']') {
		name, port = name[:i], name[i+1:]
	}
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

// isPort accepts 1 to 65535 in decimal, without leading zeros.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0 && text[0] != '0'
}

func consistsOf(text, letters string) bool {
	return text != "" && strings.Trim(text, letters) == ""
}
