//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// crowdStall is how long a client tries to send to a broker that does not read.
const crowdStall = 200 * time.Millisecond

// A crowdClient is a client of a crowd.
type crowdClient struct {
	t       *testing.T
	ws      *websocket.Conn
	session string
	n       int
	kind    crowd
	stopped bool  // it no longer reads
	err     error // of sending
}

// dial connects a client, or returns nil if the broker has no memory for it.
func (f *filledBroker) dial() *crowdClient {
	f.t.Helper()
	f.dialed++
	from := &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+f.dialed%100))} // no address reaches a limit of its own
	dialer := websocket.Dialer{
		ReadBufferSize: 512, WriteBufferSize: 512, Subprotocols: []string{"lockbroker.v1"},
		NetDialContext: (&net.Dialer{LocalAddr: from}).DialContext,
	}
	ws, response, err := dialer.DialContext(f.t.Context(), f.url+"/ws", nil)
	if err != nil {
		if response == nil || response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
			f.t.Fatalf("%v: %v", err, response)
		}
		return nil
	}
	_ = response.Body.Close()
	c := &crowdClient{t: f.t, ws: ws}
	_, after, _ := strings.Cut(c.read(), `"session":"`)
	c.session, _, _ = strings.Cut(after, `"`)
	return c
}

// read returns the next frame.
func (c *crowdClient) read() string {
	c.t.Helper()
	_, frame, err := c.ws.ReadMessage()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return string(frame)
}

// id returns a new id.
func (c *crowdClient) id() string {
	c.n++
	return fmt.Sprintf("%s--%d", c.session, c.n)
}

// send sends a message, unless sending has failed before. A client that does not read may fail, because the broker does
// not read on, or has cut it off.
func (c *crowdClient) send(format string, args ...any) {
	if c.err != nil {
		return
	}
	if c.stopped {
		_ = c.ws.SetWriteDeadline(time.Now().Add(crowdStall))
	}
	c.err = c.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...))
}

// stopReading makes the client read nothing any longer. The kernel then holds little of what the broker sends.
func (c *crowdClient) stopReading() {
	c.stopped = true
	_ = c.ws.NetConn().(*net.TCPConn).SetReadBuffer(4 << 10)
}

// begin sends the first bytes of a frame.
func (c *crowdClient) begin(length, sent int) {
	c.stopReading()
	header := []byte{0x81, 0x80 | 126, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(header[2:], uint16(length))
	c.send(`{"type":"ping","id":"%s"}`, c.id())
	_ = c.ws.NetConn().SetWriteDeadline(time.Now().Add(crowdStall))
	_, c.err = c.ws.NetConn().Write(append(header, make([]byte, sent)...))
}

// settle waits until the broker has handled everything, if the client reads.
func (c *crowdClient) settle() {
	c.t.Helper()
	if c.stopped {
		return
	}
	if c.err != nil {
		c.t.Fatalf("send: %v", c.err)
	}
	last := c.id()
	c.send(`{"type":"why","id":"%s","request":"%s"}`, last, last)
	for !strings.Contains(c.read(), `"id":"`+last+`"`) {
	}
}

// again does the same once more, and ignores what happens.
func (c *crowdClient) again() {
	if c.kind.name == "frames without an end" || c.err != nil {
		return
	}
	stopped := c.stopped
	c.stopped = true
	c.kind.grow(c)
	if c.stopped = stopped; stopped {
		return
	}
	_ = c.ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	for c.err == nil {
		_, _, c.err = c.ws.ReadMessage()
	}
}
