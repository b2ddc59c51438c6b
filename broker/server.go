package broker

import (
	"net/http"
	"time"
)

const (
	// requestTimeout is how long a client may take to send a request, and as long again
	// to take the answer.
	requestTimeout = 10 * time.Second
	// idleTimeout is how long an HTTP connection may be kept for a next request.
	idleTimeout = time.Minute
	// headerBytes is how long the head of a request may be: its first line and headers.
	headerBytes = 16 << 10
	// headerSlop is what net/http reads beyond MaxHeaderBytes.
	headerSlop = 4 << 10
)

// Server returns an http.Server that serves [Broker.Handler] and lets no client take what
// others need: requests must arrive within 10 s, with at most 16 KiB of headers; connections
// that have not become sessions are bounded by [Config].MaxHandshakes; and its errors go
// to [Config].Logger. Every field may be changed before it is used, for example
// Handler, to serve other paths as well.
//
// Its Shutdown does not wait for WebSocket connections: end Run's context first.
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
