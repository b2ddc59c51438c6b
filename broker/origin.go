package broker

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// CheckOrigin says what is wrong with a pattern for [Config].AllowOrigins, if
// anything is.
func CheckOrigin(pattern string) error {
	_, err := parseOriginPattern(pattern)
	return err
}

// origins are those whose pages may use the broker, beside its own. An origin is
// what a browser sends of the page that asks (RFC 6454), other programs send none.
type origins struct {
	all      bool
	patterns []originPattern
}

func parseOrigins(patterns []string) (o origins, err error) {
	for _, text := range patterns {
		if text == "*" {
			o.all = true
			continue
		}
		p, err := parseOriginPattern(text)
		if err != nil {
			return origins{}, err
		}
		o.patterns = append(o.patterns, p)
	}
	return o, nil
}

// allow reports whether who asks may use the broker: a program that is no page, a
// page from the host and port that it asks, or one of the origins.
func (o origins) allow(r *http.Request) bool {
	sent, ok := r.Header["Origin"]
	if !ok || o.all {
		return true
	}
	if len(sent) != 1 {
		return false
	}
	if own, err := url.Parse(sent[0]); err == nil && own.Host != "" && strings.EqualFold(own.Host, r.Host) && namesThisMachine(r, own.Hostname()) {
		return true
	}
	asked, ok := parseOrigin(sent[0])
	if !ok {
		return false
	}
	for _, p := range o.patterns {
		if p.matches(asked) {
			return true
		}
	}
	return false
}

// namesThisMachine reports whether the name by which a page knows the broker can be
// trusted to be the broker's. Where only this machine can reach it, that is the name of
// this machine or an address: any other may be that of a page in the world, which
// its owner lets lead here for a moment (DNS rebinding).
func namesThisMachine(r *http.Request, name string) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return true
	}
	name = strings.ToLower(name)
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || net.ParseIP(name) != nil
}

// An origin is where a page comes from. That of pages that come from nowhere, such
// as files, is "null", a scheme without a host.
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
	p.origin, ok = parseOrigin(plain)
	if !ok && text != "*" || plain == "null" && p.anyPort || p.anyPort && p.port != "" {
		return p, fmt.Errorf(`origin %q: want one like "https://app.example", "https://*.app.example", "http://localhost:*" or "*"`, text)
	}
	return p, nil
}

// parseOrigin reads what browsers send: scheme, host, and the port where it is not
// the default one of the scheme; nothing else.
func parseOrigin(text string) (o origin, ok bool) {
	if text == "null" {
		return origin{scheme: text}, true
	}
	text = strings.ToLower(text)
	o.scheme, o.host, ok = strings.Cut(text, "://")
	if !ok || !consistsOf(o.scheme, "abcdefghijklmnopqrstuvwxyz0123456789+-.") {
		return o, false
	}
	name := o.host
	if i := strings.LastIndexByte(o.host, ':'); i > strings.LastIndexByte(o.host, ']') {
		o.host, o.port = o.host[:i], o.host[i+1:]
		name = o.host
		if n, err := strconv.ParseUint(o.port, 10, 16); err != nil || n == 0 {
			return o, false
		}
		if o.scheme == "http" && o.port == "80" || o.scheme == "https" && o.port == "443" {
			o.port = ""
		}
	}
	if strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]") {
		return o, consistsOf(name[1:len(name)-1], "0123456789abcdef:.")
	}
	return o, consistsOf(name, "abcdefghijklmnopqrstuvwxyz0123456789-._")
}

func consistsOf(text, letters string) bool {
	return text != "" && strings.Trim(text, letters) == ""
}
