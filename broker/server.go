package broker

import (
	"net/http"
	"time"
)

const (
	// requestTimeout is how long a client may take to send a request, and how long again to
	// receive the answer.
	requestTimeout = 10 * time.Second
	// idleTimeout is how long an HTTP connection may stay idle between requests.
	idleTimeout = time.Minute
	// headerBytes limits the size of a request's first line and headers together.
	headerBytes = 16 << 10
	// headerSlop is how many bytes net/http reads beyond MaxHeaderBytes.
	headerSlop = 4 << 10
)

// Server returns an http.Server for [Broker.Handler], with limits that keep one client from taking
// what others need. Requests must arrive within 10 s, with at most 16 KiB of headers.
// [Config].MaxHandshakes limits the connections that have not become sessions. Errors go to
// [Config].Logger.
//
// Every field may be changed before the server is used, for example Handler, to serve other paths
// as well. Shutdown does not wait for WebSocket connections, so end Run's context first.
func (b *Broker) Server() *http.Server {
	return &http.Server{
		Handler:           b.Handler(),
		ReadHeaderTimeout: requestTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes - headerSlop,
		ConnState:         b.handshakes.follow,
		ConnContext:       withUser,
		ErrorLog:          b.logs.serverLog(),
	}
}
