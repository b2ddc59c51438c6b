package transport

import (
	"bufio"
	"net"
	"net/http"
)

// A Hijacker is an http.ResponseWriter for the WebSocket library's Upgrader. When hijacked, it
// wraps the connection of the request in a Conn.
type Hijacker struct {
	http.ResponseWriter
	Conn *Conn // set by Hijack
}

// Hijack implements http.Hijacker.
func (h *Hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.Conn = newConn(conn)
	return h.Conn, buffered, nil
}
