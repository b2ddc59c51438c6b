package broker

import (
	"context"
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
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, _ error) { passageOf(r).failed = true },
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
			b.serveOrPassOn(w, r, serve, proxy)
		}
	})
}

// serveOrPassOn answers a request, or lets the owner do so. It waits for another owner for a while if the owner does
// not, if there is none, or if the record names an earlier run of this broker.
func (b *Broker) serveOrPassOn(w http.ResponseWriter, r *http.Request, serve, proxy http.Handler) {
	patience, end := context.WithTimeout(r.Context(), successionWait)
	defer end()
	for {
		b.member.awaitSuccession(patience)
		now := b.member.currentReign()
		hasOwner := b.ownerURL() != nil
		switch {
		case b.member.isOwner():
			serve.ServeHTTP(w, r)
			return
		case hasOwner && b.config.Cluster.Refuse:
			b.refuseStandby(w)
			return
		case hasOwner && letPass(w, r, now, proxy):
			return
		case !now.awaitEnd(patience):
			b.refuseStandby(w)
			return
		}
	}
}

// A passage is a request that is passed on to the owner.
type passage struct{ failed bool }

type passageKey struct{}

func passageOf(r *http.Request) *passage { return r.Context().Value(passageKey{}).(*passage) }

// letPass passes a request on. When the record names another owner, it ends the connection, so that the client looks
// for that one. It returns false if the owner has not answered.
func letPass(w http.ResponseWriter, r *http.Request, now *reign, proxy http.Handler) bool {
	ctx, end := now.within(r.Context())
	defer end()
	p := new(passage)
	proxy.ServeHTTP(w, r.WithContext(context.WithValue(ctx, passageKey{}, p)))
	return !p.failed
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
