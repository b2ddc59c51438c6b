package broker

import (
	"net/http"
	"time"
)

const (
	// requestTimeout is how long a client may take to send a request, and once more to receive
	// the answer.
	requestTimeout = 10 * time.Second
	// idleTimeout is how long an HTTP connection may wait for the next request.
	idleTimeout = time.Minute
	// headerBytes is how long the first line and the headers of a request may be together.
	headerBytes = 16 << 10
	// headerSlop is what net/http reads beyond MaxHeaderBytes.
	headerSlop = 4 << 10
)

// Server returns an http.Server for [Broker.Handler], with limits that keep one client from taking
// what others need. Requests must arrive within 10 s, with at most 16 KiB of headers.
// [Config].MaxHandshakes limits the connections that have not become sessions. Errors go to
// [Config].Logger.
//
// Every field may be changed before the server is used: Handler, for example, to serve other paths
// as well. Its Shutdown does not wait for WebSocket connections. End Run's context first.
func (b *Broker) Server() *http.Server {
	return &http.Server{
		Handler:           b.Handler(),
		ReadHeaderTimeout: requestTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes - headerSlop,
		ConnState:         b.handshakes.follow,
		ErrorLog:          b.logs.serverLog(),
	}
}
