package broker

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// A standby passes requests on to the owner of the cluster, or refuses them.

// onStandby returns the handler of a broker of a cluster: serve, while it is the owner.
func (b *Broker) onStandby(serve http.Handler) http.Handler {
	if b.member == nil {
		return serve
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:      b.passOn,
		Transport:    b.config.Cluster.Transport,
		ErrorHandler: b.refuseProxied,
		ErrorLog:     nil,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.TrimPrefix(r.URL.Path, b.config.BasePath); {
		case path == "/livez", path == metricsPath:
			serve.ServeHTTP(w, r)
		case path == "/leader":
			b.serveLeader(w)
		case b.life.now() != phaseMade:
			serve.ServeHTTP(w, r)
		case path == "/readyz":
			b.serveStandbyReady(w)
		default:
			b.member.awaitSuccession(r.Context())
			switch {
			case b.member.isOwner():
				serve.ServeHTTP(w, r)
			case b.config.Cluster.Refuse || b.ownerURL() == nil:
				b.refuseStandby(w)
			default:
				proxy.ServeHTTP(w, r)
			}
		}
	})
}

// ownerURL returns the URL of the owner, or nil if there is none, or it is this broker.
func (b *Broker) ownerURL() *url.URL {
	address := b.member.owner().Address
	if address == "" || address == b.config.Cluster.Address {
		return nil
	}
	target, err := url.Parse(address)
	if err != nil {
		return nil
	}
	target.Scheme = strings.Replace(target.Scheme, "ws", "http", 1)
	return target
}

// passOn directs a request to the owner. The owner sees the address of the client if it trusts this broker as a proxy.
func (b *Broker) passOn(r *httputil.ProxyRequest) {
	if target := b.ownerURL(); target != nil {
		r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
	}
	r.Out.Host = r.In.Host
	r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
	r.SetXForwarded()
}

func (b *Broker) refuseProxied(w http.ResponseWriter, _ *http.Request, _ error) { b.refuseStandby(w) }

// refuseStandby refuses a request, and names the owner.
func (b *Broker) refuseStandby(w http.ResponseWriter) {
	help := "on standby, and there is no owner now"
	if owner := b.member.owner(); b.ownerURL() != nil {
		help = "on standby: the owner is " + describeOwner(owner.Term, owner.Address)
	}
	refused := &refusal{http.StatusServiceUnavailable, help}
	refused.answer(w)
}

// describeOwner names an owner, for people.
func describeOwner(term int64, address string) string {
	return fmt.Sprintf("%s (term %d)", address, term)
}

// serveLeader answers whether this broker is the owner, and which one is.
func (b *Broker) serveLeader(w http.ResponseWriter) {
	if phase := b.life.now(); phase == phaseServing && b.member.mayAnswer() {
		_, _ = fmt.Fprintf(w, "the owner is %s\n", describeOwner(b.member.asOwner()))
		return
	}
	b.refuseStandby(w)
}

// serveStandbyReady answers whether clients of a standby reach the owner.
func (b *Broker) serveStandbyReady(w http.ResponseWriter) {
	if b.config.Cluster.Refuse || b.ownerURL() == nil {
		b.refuseStandby(w)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}
