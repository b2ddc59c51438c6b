package broker

import (
	"net/http"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// checkOrigin returns why the page that sent a request may not use the broker, or nil if it may.
func (b *Broker) checkOrigin(r *http.Request) *refusal {
	switch b.origins.judge(r) {
	case originAllowed:
		return nil
	case originMalformed:
		b.logOrigin(r, "refused a request whose Origin header is not an origin")
		return &refusal{http.StatusForbidden, "the Origin header is not an origin"}
	case originOtherHost:
		b.logOrigin(r, "refused a page whose host is not a known name of the broker; "+
			"to allow it, use brokerd --allowed-host or Config.AllowedHosts")
		return &refusal{http.StatusForbidden,
			"pages of this origin may not use the broker: this host is not a known name of the broker"}
	}
	b.logOrigin(r, "refused a page of another origin; "+
		"to allow it, use brokerd --allow-origin or Config.AllowOrigins")
	return &refusal{http.StatusForbidden,
		"pages of this origin may not use the broker, unless its operator allows that"}
}

// logOrigin logs the refusal for the operator, because browsers do not show the reason to the page.
func (b *Broker) logOrigin(r *http.Request, message string) {
	b.logs.origin.line().Str("origin", printable.LogText(r.Header.Get("Origin"))).
		Str("host", printable.LogText(r.Host)).
		Str("path", printable.LogText(r.URL.Path)).Str("remote", printable.LogText(r.RemoteAddr)).Msg(message)
}
