package bench

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// author is the author of all requests.
const author = "create_user"

// pairFrames returns the frames that the Go client sends for an acquire and its release. The id has as many digits as
// after 100,000 requests.
func pairFrames(locks ...wire.LockSpec) [][]byte {
	id := wire.ID{Session: "k3v9x2mq", N: 100_000}
	acquire, err := codec.Append(nil, &wire.Acquire{ID: id, Locks: locks, Author: author})
	if err != nil {
		panic(err)
	}
	release, err := codec.Append(nil, &wire.Release{ID: id})
	if err != nil {
		panic(err)
	}
	return [][]byte{acquire, release}
}

func oneLock(name string) [][]byte { return pairFrames(wire.LockSpec{Name: name}) }

// dialEcho connects to an echo. The connection is closed when the test ends. If around is not nil, the WebSocket uses
// the connection that it returns.
func dialEcho(tb testing.TB, server *process, readBuffer int, around func(net.Conn) net.Conn) *websocket.Conn {
	tb.Helper()
	dialer := websocket.Dialer{
		ReadBufferSize:  readBuffer,
		WriteBufferSize: 4 << 10,
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := server.dial(ctx, network, address)
			if err != nil || around == nil {
				return conn, err
			}
			return around(conn), nil
		},
	}
	// The scheme is ws even with TLS, because the connection has TLS already.
	ws, response, err := dialer.DialContext(tb.Context(), "ws://"+server.address+"/", nil)
	if err != nil {
		tb.Fatal(err)
	}
	_ = response.Body.Close()
	tb.Cleanup(func() { _ = ws.Close() })
	return ws
}

var errWrongEcho = errors.New("the echo returned another frame")

// plainEcho returns a contender of connections that each send a frame and wait for the echo to return it.
func plainEcho(tb testing.TB, connections int, frames [][]byte) *contender {
	tb.Helper()
	return plainEchoOf(tb, startServer(tb, roleEcho), connections, frames)
}

func plainEchoOf(tb testing.TB, server *process, connections int, frames [][]byte) *contender {
	tb.Helper()
	c := &contender{name: "echo", flight: connections}
	for range connections {
		ws := dialEcho(tb, server, 4<<10, nil)
		next := 0
		c.workers = append(c.workers, &worker{once: func() (time.Duration, error) {
			frame := frames[next%len(frames)]
			next++
			start := time.Now()
			if err := ws.WriteMessage(websocket.TextMessage, frame); err != nil {
				return 0, err
			}
			_, back, err := ws.ReadMessage()
			if err == nil && !bytes.Equal(back, frame) {
				err = errWrongEcho
			}
			return time.Since(start), err
		}})
	}
	return c
}

// gatheredEcho returns a contender of connections with depth frames in flight on each. Its echo returns together what
// arrived together.
func gatheredEcho(tb testing.TB, connections, depth int, frames [][]byte) *contender {
	tb.Helper()
	return gatheredEchoOf(tb, startServer(tb, roleGathered), connections, depth, frames)
}

func gatheredEchoOf(tb testing.TB, server *process, connections, depth int, frames [][]byte) *contender {
	tb.Helper()
	c := &contender{name: "gathered echo", flight: connections * depth}
	for range connections {
		c.workers = append(c.workers, newPipeline(tb, server, depth, frames).worker())
	}
	return c
}

// A pipeline is a connection with many frames in flight. The echo returns them in order.
type pipeline struct {
	ws     *websocket.Conn
	conn   *gatherConn // below ws
	frames [][]byte

	sent     []time.Time // when each frame in flight was sent; a ring
	wrote    int
	received int
}

func newPipeline(tb testing.TB, server *process, depth int, frames [][]byte) *pipeline {
	tb.Helper()
	p := &pipeline{frames: frames, sent: make([]time.Time, depth)}
	p.ws = dialEcho(tb, server, gatherRead, func(conn net.Conn) net.Conn {
		p.conn = &gatherConn{Conn: conn}
		return p.conn
	})
	return p
}

func (p *pipeline) worker() *worker {
	return &worker{begin: p.fill, once: p.once, finish: p.drain}
}

func (p *pipeline) fill() error {
	p.conn.came = time.Now()
	for p.wrote-p.received < len(p.sent) {
		if err := p.write(); err != nil {
			return err
		}
	}
	return nil
}

// write sends the next frame. As its time it notes when the frame arrived that made room for it: a clock reading for
// each frame would add a tenth to the time of a frame.
func (p *pipeline) write() error {
	p.sent[p.wrote%len(p.sent)] = p.conn.came
	frame := p.frames[p.wrote%len(p.frames)]
	p.wrote++
	return p.ws.WriteMessage(websocket.TextMessage, frame)
}

func (p *pipeline) read() (time.Duration, error) {
	_, back, err := p.ws.ReadMessage()
	if err == nil && len(back) != len(p.frames[p.received%len(p.frames)]) {
		err = errWrongEcho
	}
	sent := p.sent[p.received%len(p.sent)]
	p.received++
	return p.conn.came.Sub(sent), err
}

// once receives a frame, and sends another in its place.
func (p *pipeline) once() (time.Duration, error) {
	took, err := p.read()
	if err == nil {
		err = p.write()
	}
	return took, err
}

func (p *pipeline) drain() error {
	for p.received < p.wrote {
		if _, err := p.read(); err != nil {
			return err
		}
	}
	return nil
}
