package main

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/certs"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/listen"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/proxied"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/steady"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/turns"
)

// guard puts layers around the sockets, from the inside to the outside: refusing clients while there is no free
// descriptor; the header of the PROXY protocol, which a proxy sends before TLS; the turns of connections that are not
// sessions yet; and TLS. The last two are only for TCP sockets.
func guard(sockets []listen.Socket, trusted []netip.Prefix, handshakes *turns.Turns, r *reloader) error {
	for i, socket := range sockets {
		_, isTCP := socket.Addr().(*net.TCPAddr)
		secure := isTCP && r.flags.usesTLS()
		open, err := steady.Listen(socket.Listener, !secure, r.log)
		if err != nil {
			return err
		}
		sockets[i].Listener = open
		r.full = append(r.full, open)
		if socket.Proxied {
			only := proxied.Listen(open, trusted, r.log)
			sockets[i].Listener = only
			r.strange = append(r.strange, only)
		}
		if isTCP { // the users of Unix sockets are known by their connections
			sockets[i].Listener = handshakes.Listen(sockets[i].Listener)
		}
		if secure {
			sockets[i].Listener = tls.NewListener(sockets[i].Listener, certs.Listening(r.server))
		}
	}
	return nil
}

// guardedServer returns the server of a broker. It checks the certificates of clients, and connections that become
// sessions no longer wait for turns.
func guardedServer(b *broker.Broker, r *reloader) *http.Server {
	server := b.Server()
	server.Handler = r.checkCertificates(server.Handler)
	follow := server.ConnState
	server.ConnState = func(conn net.Conn, state http.ConnState) {
		turns.Follow(conn, state)
		follow(conn, state)
	}
	return server
}
