package broker

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/lockbroker/lockbroker/broker/cluster"
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
		hasOwner := b.member.isOther(now.owner)
		switch {
		case b.member.isOwner():
			serve.ServeHTTP(w, r)
			return
		case hasOwner && b.config.Cluster.Refuse:
			b.refuseStandby(w)
			return
		case hasOwner && b.refusesToPass(w, r), hasOwner && letPass(w, r, now, proxy):
			return
		case !now.awaitEnd(patience):
			b.refuseStandby(w)
			return
		}
	}
}

// A passage is a request that is passed on to the owner.
type passage struct {
	to     cluster.Owner
	failed bool
}

type passageKey struct{}

func passageOf(r *http.Request) *passage { return r.Context().Value(passageKey{}).(*passage) }

// letPass passes a request on. When the record names another owner, it ends the connection, so that the client looks
// for that one. It returns false if the owner has not answered.
func letPass(w http.ResponseWriter, r *http.Request, now *reign, proxy http.Handler) bool {
	ctx, end := now.within(r.Context())
	defer end()
	p := &passage{to: now.owner}
	proxy.ServeHTTP(w, r.WithContext(context.WithValue(ctx, passageKey{}, p)))
	return !p.failed
}

// isOther reports whether an owner is another broker than this one, and can be reached. An earlier run of this broker
// cannot.
func (m *member) isOther(o cluster.Owner) bool { return o.Address != m.self.Address && urlOf(o) != nil }

// urlOf returns the URL of an owner, or nil if it has none.
func urlOf(o cluster.Owner) *url.URL {
	if o.Address == "" {
		return nil
	}
	target, err := url.Parse(o.Address)
	if err != nil {
		return nil
	}
	target.Scheme = strings.Replace(target.Scheme, "ws", "http", 1)
	return target
}

// refuseStandby refuses a request, and names the owner.
func (b *Broker) refuseStandby(w http.ResponseWriter) {
	help := "on standby, and there is no owner now"
	if name := b.nameOwner(); name != "" {
		help = "on standby: the owner is " + name
	}
	refused := &refusal{http.StatusServiceUnavailable, help}
	refused.answer(w)
}

// nameOwner names the owner, for people. It returns "" if there is none other than this broker.
func (b *Broker) nameOwner() string {
	owner := b.member.owner()
	if !b.member.isOther(owner) {
		return ""
	}
	return describeOwner(owner.Term, owner.Address)
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
	if b.config.Cluster.Refuse || !b.member.isOther(b.member.owner()) {
		b.refuseStandby(w)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}
