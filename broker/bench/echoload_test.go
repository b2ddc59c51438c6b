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

// author is that of all requests.
const author = "create_user"

// pairFrames are the frames that the Go client sends for an acquire and its release,
// some time after it has begun.
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

// dialEcho connects to an echo; the connection is closed with the test. Around may
// put something below the WebSocket.
func dialEcho(tb testing.TB, address string, readBuffer int, around func(net.Conn) net.Conn) *websocket.Conn {
	tb.Helper()
	dialer := websocket.Dialer{
		ReadBufferSize:  readBuffer,
		WriteBufferSize: 4 << 10,
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil || around == nil {
				return conn, err
			}
			return around(conn), nil
		},
	}
	ws, response, err := dialer.DialContext(tb.Context(), "ws://"+address+"/", nil)
	if err != nil {
		tb.Fatal(err)
	}
	_ = response.Body.Close()
	tb.Cleanup(func() { _ = ws.Close() })
	return ws
}

var errWrongEcho = errors.New("the echo has answered with something else")

// plainEcho sends a frame and waits for it to come back, on as many connections at once.
func plainEcho(tb testing.TB, connections int, frames [][]byte) *contender {
	tb.Helper()
	server := startServer(tb, roleEcho)
	c := &contender{name: "echo", flight: connections}
	for range connections {
		ws := dialEcho(tb, server.address, 4<<10, nil)
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

// gatheredEcho has so many frames in flight on each connection, and answers those that came
// together together.
func gatheredEcho(tb testing.TB, connections, depth int, frames [][]byte) *contender {
	tb.Helper()
	server := startServer(tb, roleGathered)
	c := &contender{name: "gathered echo", flight: connections * depth}
	for range connections {
		c.workers = append(c.workers, newPipeline(tb, server.address, depth, frames).worker())
	}
	return c
}

// A pipeline is a connection with many frames in flight. They come back in order.
type pipeline struct {
	ws     *websocket.Conn
	conn   *gatherConn // below ws
	frames [][]byte

	sent   []time.Time // of those in flight; a ring
	wrote  int
	gotten int
}

func newPipeline(tb testing.TB, address string, depth int, frames [][]byte) *pipeline {
	tb.Helper()
	p := &pipeline{frames: frames, sent: make([]time.Time, depth)}
	p.ws = dialEcho(tb, address, gatherRead, func(conn net.Conn) net.Conn {
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
	for p.wrote-p.gotten < len(p.sent) {
		if err := p.write(); err != nil {
			return err
		}
	}
	return nil
}

// write notes as the time of a frame when what made room for it had come: to look at the
// clock for each would cost a tenth of what a frame takes.
func (p *pipeline) write() error {
	p.sent[p.wrote%len(p.sent)] = p.conn.came
	frame := p.frames[p.wrote%len(p.frames)]
	p.wrote++
	return p.ws.WriteMessage(websocket.TextMessage, frame)
}

func (p *pipeline) read() (time.Duration, error) {
	_, back, err := p.ws.ReadMessage()
	if err == nil && len(back) != len(p.frames[p.gotten%len(p.frames)]) {
		err = errWrongEcho
	}
	sent := p.sent[p.gotten%len(p.sent)]
	p.gotten++
	return p.conn.came.Sub(sent), err
}

// once takes in a frame, and sends another for it.
func (p *pipeline) once() (time.Duration, error) {
	took, err := p.read()
	if err == nil {
		err = p.write()
	}
	return took, err
}

func (p *pipeline) drain() error {
	for p.gotten < p.wrote {
		if _, err := p.read(); err != nil {
			return err
		}
	}
	return nil
}
