package proxied

import (
	"bufio"
	"errors"
	"net"

	"github.com/pires/go-proxyproto"
)

// readBuffer is enough for the header of most proxies. More is read in parts.
const readBuffer = 256

var (
	errNoAddress = errors.New("the header has no address of a TCP client")
	errNoHeader  = errors.New("no header of the PROXY protocol")
	// errProbe means that a proxy has connected and closed, to see whether somebody listens.
	errProbe = errors.New("nothing was sent")
)

// readHeader reads the header of a connection, and returns the connection as its client has made it.
func readHeader(under net.Conn) (net.Conn, error) {
	reader := bufio.NewReaderSize(under, readBuffer)
	header, err := proxyproto.Read(reader)
	switch {
	case errors.Is(err, proxyproto.ErrNoProxyProtocol) && reader.Buffered() == 0:
		return nil, errProbe
	case errors.Is(err, proxyproto.ErrNoProxyProtocol):
		return nil, errNoHeader
	case err != nil:
		return nil, err
	}
	from := &conn{Conn: under, remote: under.RemoteAddr(), local: under.LocalAddr()}
	if from.rest, err = reader.Peek(reader.Buffered()); err != nil {
		return nil, err
	}
	if header.Command == proxyproto.LOCAL && header.Version == 2 {
		return from, nil
	}
	source, destination, ok := header.TCPAddrs()
	if !ok || header.Command != proxyproto.PROXY || source.IP.IsUnspecified() || source.IP.IsMulticast() {
		return nil, errNoAddress
	}
	from.remote, from.local = source, destination
	return from, nil
}
