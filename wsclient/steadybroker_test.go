package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A steadyBroker keeps sessions. It grants everything at once, except locks named "busy". It fails the test if a client
// sends anything between a statement and its answer.
type steadyBroker struct {
	t     *testing.T
	stage *stage
	away  atomic.Bool // nobody listens
	dials atomic.Int32
	// frozen makes it silent on all connections, present and future. What comes meanwhile is lost.
	frozen atomic.Bool

	writing sync.Mutex

	mu       sync.Mutex
	conns    int // so far
	tokens   int64
	ws       *websocket.Conn               // the latest
	got      []wire.Request                // except pings
	answer   func(*wire.Resume) wire.Reply // nil: takes up everything
	resuming bool
}

func newSteadyBroker(t *testing.T) *steadyBroker {
	return &steadyBroker{t: t, stage: newStage(t)}
}

// dial connects a client that takes up its sessions.
func (b *steadyBroker) dial(o wsclient.Options) *wsclient.Client {
	b.t.Helper()
	o.NetDial = b.netDial
	c, err := wsclient.Dial(b.t.Context(), "ws://stage", &o)
	if err != nil {
		b.t.Fatal(err)
	}
	wsclient.AskNobody(c)
	b.t.Cleanup(func() {
		b.away.Store(true)
		_ = c.Close()
		b.cut()
	})
	return c
}

func (b *steadyBroker) netDial(ctx context.Context, network, address string) (net.Conn, error) {
	b.dials.Add(1)
	if b.away.Load() {
		return nil, errors.New("connection refused")
	}
	if b.frozen.Load() {
		return swallowed(), nil
	}
	go func() { b.serve(<-b.stage.ups) }()
	return b.stage.dial(ctx, network, address)
}

func (b *steadyBroker) serve(ws *websocket.Conn) {
	b.mu.Lock()
	b.conns++
	b.ws, b.resuming = ws, false
	n := b.conns
	b.mu.Unlock()
	b.say(ws, &wire.Hello{
		Protocol: wire.Version, Session: fmt.Sprint("session", n), Secret: fmt.Sprint("secret", n),
		HeartbeatMS: 2500, TimeoutMS: 15_000, Limits: wire.DefaultLimits(),
	})
	for {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			return
		}
		m, refusal := codec.DecodeRequest(frame, wire.DefaultLimits())
		if refusal != nil {
			b.t.Errorf("the client sent %s: %v", frame, refusal)
			return
		}
		if b.frozen.Load() {
			continue
		}
		if reply := b.handle(m); reply != nil {
			b.say(ws, reply)
		}
	}
}

func (b *steadyBroker) handle(m wire.Request) wire.Reply {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.resuming {
		b.t.Errorf("the client sent %s before the answer to its statement", codec.Kind(m))
	}
	if ping, ok := m.(*wire.Ping); ok {
		if ping.ID.Session != "session1" && b.answer == nil {
			b.t.Errorf("the client sent a ping with the id %s", ping.ID)
		}
		return &wire.Pong{ID: ping.ID}
	}
	b.got = append(b.got, m)
	switch m := m.(type) {
	case *wire.Acquire:
		if m.Locks[0].Name == "busy" {
			return nil
		}
		b.tokens++
		return &wire.Granted{ID: m.ID, Token: b.tokens}
	case *wire.Release:
		if !m.Quiet {
			return &wire.Released{ID: m.ID}
		}
	case *wire.Cancel:
		return &wire.Cancelled{ID: m.ID}
	case *wire.Resume:
		answer := takeUp
		if b.answer != nil {
			answer = b.answer
		}
		reply := answer(m)
		b.resuming = reply == nil
		return reply
	}
	return nil
}

// takeUp takes up a session that has all that was stated.
func takeUp(m *wire.Resume) wire.Reply {
	resumed := &wire.Resumed{ID: m.ID}
	for _, r := range m.Held {
		resumed.Held = append(resumed.Held, r.N)
	}
	return resumed
}

func refuse(m *wire.Resume) wire.Reply {
	return &wire.NotResumed{ID: m.ID, Message: "there is no such session to take up"}
}

func (b *steadyBroker) say(ws *websocket.Conn, m wire.Reply) {
	frame, err := codec.Append(nil, m)
	if err != nil {
		b.t.Error(err)
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	_ = ws.WriteMessage(websocket.TextMessage, frame)
}

// latest returns the latest connection.
func (b *steadyBroker) latest() *websocket.Conn {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ws
}

// cut ends the network connection.
func (b *steadyBroker) cut() { _ = b.latest().NetConn().Close() }

// answers sets the answer to statements.
func (b *steadyBroker) answers(f func(*wire.Resume) wire.Reply) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = f
}

// statements returns the statements so far.
func (b *steadyBroker) statements() (all []*wire.Resume) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.got {
		if resume, ok := m.(*wire.Resume); ok {
			all = append(all, resume)
		}
	}
	return all
}

// sent returns the kinds of the messages so far, without pings.
func (b *steadyBroker) sent() (kinds []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.got {
		kinds = append(kinds, codec.Kind(m))
	}
	return kinds
}

// expectSent asserts which messages were sent so far, without pings.
func (b *steadyBroker) expectSent(kinds ...string) {
	b.t.Helper()
	if got := b.sent(); !slices.Equal(got, kinds) {
		b.t.Errorf("the client has sent %v, want %v", got, kinds)
	}
}

// moves lets the broker say that it moves, and close the connection.
func (b *steadyBroker) moves() {
	ws := b.latest()
	b.say(ws, &wire.Moving{})
	frame := websocket.FormatCloseMessage(wire.CloseRestart, "")
	_ = ws.WriteControl(websocket.CloseMessage, frame, time.Time{})
}
