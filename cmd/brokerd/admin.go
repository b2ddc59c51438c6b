package main

import (
	"net/http"
	"net/http/pprof"
	"net/url"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// adminTimeout is how long a client of the admin listener may take to send a request. It may take any time to receive
// the answer, because a profile can be recorded for minutes.
const adminTimeout = 10 * time.Second

// adminConnections is how many connections --admin-listen may have. Others wait. So strangers who can reach it cannot
// use up the descriptors of the process.
const adminConnections = 32

// newAdminServer returns the server of --admin-listen. It asks for no credentials. Its paths do not begin with the
// base path of the broker.
func newAdminServer(b *broker.Broker, basePath string) *http.Server {
	health, mux := withBasePath(basePath, b.Handler()), http.NewServeMux()
	mux.Handle("GET /metrics", b.MetricsHandler())
	mux.Handle("GET /livez", health)
	mux.Handle("GET /readyz", health)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return &http.Server{
		Handler:           refusePages(b, mux),
		ReadHeaderTimeout: adminTimeout,
		ReadTimeout:       adminTimeout,
		IdleTimeout:       adminTimeout,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          b.Server().ErrorLog,
	}
}

// withBasePath passes requests to a handler that expects the base path.
func withBasePath(base string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inside := r.Clone(r.Context()) // a handler must not change its request
		inside.URL = &url.URL{Path: base + r.URL.Path}
		next.ServeHTTP(w, inside)
	})
}

// refusePages refuses requests that a web page makes from another site. A page could otherwise start profiles on the
// broker. The owner of a page's host can point it at the broker (DNS rebinding): so a request must ask for an IP
// address, localhost or a host of --allowed-host.
func refusePages(b *broker.Broker, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site := r.Header.Get("Sec-Fetch-Site")
		isForeign := site != "" && site != "none" && site != "same-origin" || r.Header.Get("Origin") != ""
		switch {
		case isForeign:
			http.Error(w, "this is not for pages of other sites", http.StatusForbidden)
		case !b.IsOwnHost(r):
			const help = "the host is not a known name of the broker: use an IP address, " +
				"or start brokerd with --allowed-host"
			http.Error(w, help, http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}
