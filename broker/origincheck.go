package broker

import (
	"fmt"
	"log/slog"
	"net/http"
)

// SetOrigins replaces AllowOrigins, AllowedHosts and PublicURLs of [Config] while the broker runs. It counts
// for connections that come afterwards: pages that are connected stay. It returns an error, and changes
// nothing, if one of them is not valid.
func (b *Broker) SetOrigins(allowOrigins, allowedHosts, publicURLs []string) error {
	o, err := parseOrigins(allowOrigins, allowedHosts, publicURLs)
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	b.origins.Store(&o)
	return nil
}

// checkOrigin returns why the page that sent a request may not use the broker, or nil if it may.
func (b *Broker) checkOrigin(r *http.Request) *refusal {
	switch b.origins.Load().judge(r) {
	case originAllowed:
		return nil
	case originMalformed:
		b.logOrigin(r, "refused a request whose Origin header is not an origin")
		return &refusal{http.StatusForbidden, "the Origin header is not an origin"}
	case originOtherHost:
		b.logOrigin(r, "refused a page whose host is not a known name of the broker: "+
			"if it is one, start the broker with brokerd --public-url or --allowed-host, "+
			"or the same in Config")
		return &refusal{http.StatusForbidden,
			"pages of this origin may not use the broker: this host is not a known name of the broker"}
	}
	b.logOrigin(r, "refused a page of another origin: if a proxy serves the broker there, start it with "+
		"brokerd --public-url, otherwise allow the page with --allow-origin, or the same in Config")
	return &refusal{http.StatusForbidden,
		"pages of this origin may not use the broker, unless its operator allows that"}
}

// logOrigin logs the refusal for the operator, because browsers do not show the reason to the page.
// The key fix has the flag that makes the page the broker's own.
func (b *Broker) logOrigin(r *http.Request, message string) {
	attrs := []slog.Attr{
		textAttr("origin", r.Header.Get("Origin")), textAttr("host", r.Host),
		textAttr("path", b.config.BasePath+r.URL.Path), textAttr("remote", r.RemoteAddr),
	}
	if page, ok := originOf(r); ok {
		if url, ok := page.publicURL(); ok {
			attrs = append(attrs, textAttr("fix", "--public-url "+url))
		}
	}
	b.logs.origin.write(message, attrs...)
}
