package main

import (
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// adminTimeout is how long a client of the admin listener may take to send a request. It may take any time to receive
// the answer, because a profile can be recorded for minutes.
const adminTimeout = 10 * time.Second

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
		Handler:           refusePages(mux),
		ReadHeaderTimeout: adminTimeout,
		ReadTimeout:       adminTimeout,
		IdleTimeout:       time.Minute,
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
// machine of its reader. The owner of a page's host can point it at a loopback address (DNS rebinding): so a
// request that comes over loopback must name an IP address or localhost.
func refusePages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site := r.Header.Get("Sec-Fetch-Site")
		isForeign := site != "" && site != "none" && site != "same-origin"
		if isForeign || r.Header.Get("Origin") != "" || isOverLoopback(r) && !namesThisMachine(r.Host) {
			http.Error(w, "this is not for pages of other sites", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isOverLoopback(r *http.Request) bool {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && remote.Addr().Unmap().IsLoopback()
}

// namesThisMachine reports whether a Host header is an IP address or localhost.
func namesThisMachine(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = hostPort
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	_, err = netip.ParseAddr(host)
	return err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
