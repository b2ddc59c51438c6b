package broker

import (
	"io"
	"net/http"
	"time"
)

// Handler returns the HTTP handler of the broker. It serves:
//
//   - /ws, the WebSocket endpoint
//   - /livez: 200 unless the event loop is stuck
//   - /readyz: 200 while locks are being granted, otherwise 503 with the reason
//   - /metrics: the metrics that METRICS.md lists, for clients with the permission metrics. If the broker
//     asks for no credentials: for programs on the same machine
//   - /client.js and the other [Config].ClientFiles, compressed for clients that accept it
//   - / and /dashboard/: the page of [Config].Dashboard and its other files, compressed in the same way, and
//     /history and /deadlocks: what it shows of the last 15 minutes, and the last refused deadlocks, as JSON.
//     Without a Dashboard these are not served
//
// With [Config].BasePath, all of these are below that path.
//
// Pages of other origins may fetch the client's files and connect if [Config].AllowOrigins allows them.
//
// [Broker.Server] returns an http.Server for this handler. If you use another server, give it the
// same timeouts and MaxHeaderBytes.
func (b *Broker) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", b.serveWS)
	mux.HandleFunc("GET /livez", b.serveLive)
	mux.HandleFunc("GET /readyz", b.serveReady)
	mux.HandleFunc("GET "+metricsPath, b.guardMetrics(b.MetricsHandler()))
	if b.member != nil {
		mux.HandleFunc("POST "+handOverPath, b.serveHandOver)
		mux.HandleFunc("POST "+receivedPath, b.serveReceived)
	}
	b.serveClient(mux)
	b.serveDashboard(mux)
	return withoutBody(b.onStandby(below(b.config.BasePath, b.history != nil, mux)))
}

// serveLive answers whether the event loop is alive.
func (b *Broker) serveLive(w http.ResponseWriter, _ *http.Request) {
	if !b.loop.watchdog.isWell() {
		http.Error(w, "the event loop is stuck", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// withoutBody answers requests without waiting for their bodies. Otherwise net/http would try to
// read a body to the end, so that it can reuse the connection.
func withoutBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			w.Header().Set("Connection", "close")
			_ = http.NewResponseController(w).SetReadDeadline(time.Now())
		}
		next.ServeHTTP(w, r)
	})
}
