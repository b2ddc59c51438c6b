// Package proxied accepts connections that come through a proxy with the PROXY protocol of HAProxy, version 1 or 2.
// The proxy sends a header with the address of its client, before anything else and before TLS. [Listen] wraps a
// listener, whose connections then have the address of the client.
//
// The listener refuses what it would otherwise have to guess, and closes the connection:
//
//   - A connection from an address that no trusted proxy has. It could send any header.
//   - A connection of a trusted proxy without a header: its client would get the address of the proxy, and with it
//     what the proxy may do.
//   - A header that does not give the IP address and the port of a TCP connection: UNKNOWN, UDP, or a Unix socket.
//
// A header with the command LOCAL is for connections that the proxy makes by itself, such as health checks. They
// have the address of the proxy.
//
// Accept returns only connections whose header has been read: so RemoteAddr never waits, and a proxy that sends
// nothing delays nobody. The header must arrive within a few seconds. A header of version 1 must arrive at once, as the
// specification asks of senders.
//
// The package believes each trusted proxy. It cannot see whether the address in the header is the client's.
package proxied
