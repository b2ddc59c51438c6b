package wsclient

import (
	"errors"
	"net"
)

const (
	// greetingBytes is how many of the first bytes from the other side are kept, to tell what it is.
	greetingBytes = 4 << 10
	// handshakeBytes bounds the whole handshake, certificates included: the library reads a line of HTTP to its
	// end, however long it is.
	handshakeBytes = 256 << 10
)

var errEndless = errors.New("the answer does not end")

// A greeting is a network connection that remembers the first bytes from the other side until the handshake is over.
type greeting struct {
	net.Conn
	heard []byte
	room  int
	over  bool
}

// Read reads.
func (g *greeting) Read(p []byte) (int, error) {
	if g.over {
		return g.Conn.Read(p)
	}
	if g.room == 0 {
		return 0, errEndless
	}
	n, err := g.Conn.Read(p[:min(len(p), g.room)])
	g.room -= n
	g.heard = append(g.heard, p[:min(n, greetingBytes-len(g.heard))]...)
	return n, err
}

// end forgets what was heard. Nobody must read meanwhile.
func (g *greeting) end() { g.over, g.heard = true, nil }
