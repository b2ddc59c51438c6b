package transport

import (
	"bufio"
	"net"
	"net/http"
)

// A Hijacker is an http.ResponseWriter that hands out the connection under its request as a Conn.
// It is made for the Upgrader of the WebSocket library.
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
