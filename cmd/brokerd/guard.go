package main

import (
	"crypto/tls"
	"net"
	"net/netip"

	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/certs"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/listen"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/proxied"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/steady"
)

// guard puts layers around the sockets, from the inside to the outside: refusing clients while there is no free
// descriptor; the header of the PROXY protocol, which a proxy sends before TLS; and TLS, on TCP sockets.
func guard(sockets []listen.Socket, trusted []netip.Prefix, r *reloader) error {
	for i, socket := range sockets {
		_, isTCP := socket.Addr().(*net.TCPAddr)
		secure := isTCP && r.flags.usesTLS()
		open, err := steady.Listen(socket.Listener, !secure, r.log)
		if err != nil {
			return err
		}
		sockets[i].Listener = open
		if socket.Proxied {
			sockets[i].Listener = proxied.Listen(open, trusted, r.log)
		}
		if secure {
			sockets[i].Listener = tls.NewListener(sockets[i].Listener, certs.Listening(r.server))
		}
	}
	return nil
}
