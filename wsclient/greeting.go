package wsclient

import (
	"errors"
	"net"
)

const (
	// greetingBytes is how many of the first bytes from the other side are kept, to find out what it is.
	greetingBytes = 4 << 10
	// handshakeBytes bounds the whole handshake, including certificates. Without a bound the library would read
	// an HTTP line to its end, however long it is.
	handshakeBytes = 256 << 10
)

var errEndless = errors.New("the answer does not end")

// A greeting is a network connection that remembers the first bytes from the other side until the handshake is over.
type greeting struct {
	net.Conn
	heard []byte
	left  int // bytes until the handshake is too long
	over  bool
}

// Read reads from the connection, and remembers what it has read.
func (g *greeting) Read(p []byte) (int, error) {
	if g.over {
		return g.Conn.Read(p)
	}
	if g.left == 0 {
		return 0, errEndless
	}
	n, err := g.Conn.Read(p[:min(len(p), g.left)])
	g.left -= n
	g.heard = append(g.heard, p[:min(n, greetingBytes-len(g.heard))]...)
	return n, err
}

// end forgets the first bytes. No Read may run at the same time.
func (g *greeting) end() { g.over, g.heard = true, nil }
