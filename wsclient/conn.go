package wsclient

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
	"github.com/lockbroker/lockbroker/wsclient/internal/shrinkmap"
)

const (
	// readLimit is the size of the greatest frame that a broker may send: twice what it queues for a client that
	// does not read.
	readLimit = 32 << 20
	// writeWait is how long a write may take.
	writeWait = 10 * time.Second
	// keepFrame is the size up to which the reader keeps its buffer.
	keepFrame = 4 << 10
	// closeWait is how long the broker may take to answer a close frame.
	closeWait = time.Second
)

// A conn is one connection: a reader, a writer, and its inquiries and watches. The core has its requests.
type conn struct {
	client     *Client
	ws         *websocket.Conn
	link       link // below ws
	target     endpoint
	hello      *wire.Hello
	goroutines sync.WaitGroup

	decoder codec.ReplyDecoder // the reader's

	writing chan struct{} // has a token during a write
	wake    chan struct{} // has a token when the writer has something to do
	beating atomic.Bool   // a heartbeat is due
	changed chan struct{} // has a token when the supervisor has not seen the latest state
	begun   chan struct{} // closed when c has become the connection of the client
	done    chan struct{} // closed at the end, after err is set

	// Guarded by the client's mu:
	session     string // whose ids are sent; not that of the hello if the session was taken up
	err         error
	stopRenewal context.CancelFunc              // ends the renewal of the credential; nil: there is none
	isSilent    bool                            // the link stays open after the end: see disconnect.go
	isAnswering bool                            // the reader answers a close frame, and then closes the connection
	state       core.State                      // for the supervisor
	pause       wire.Pause                      // why the broker grants nothing, or ""
	out         *batch                          // for the writer, ids in rising order; nil: nothing
	pong        wire.Opt[string]                // for the latest WebSocket ping, if it must still be answered
	inquiries   shrinkmap.Map[func(wire.Reply)] // what to do with each answer that is still to come, under mu
	watches     shrinkmap.Map[*watch]           // the watches that have not ended
	release     wire.Release                    // reused for each message
	cancel      wire.Cancel                     // reused for each message
}

// newConn waits for the hello. It fails if the link is closed meanwhile.
func newConn(client *Client, ws *websocket.Conn, l link) (*conn, error) {
	ws.SetReadLimit(readLimit)
	hello, err := readHello(ws)
	if err == nil {
		lease := core.NewLease(hello, client.options.StopTime, l.made)
		if lease.Left(client.clock.now()) <= 0 {
			err = fmt.Errorf("the hello came too late for a session timeout of %v", lease.Timeout)
		}
	}
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	c := &conn{
		client:  client,
		ws:      ws,
		link:    l,
		hello:   hello,
		decoder: codec.ReplyDecoder{Session: hello.Session},
		session: hello.Session,
		begun:   make(chan struct{}),
		writing: make(chan struct{}, 1),
		wake:    make(chan struct{}, 1),
		changed: make(chan struct{}, 1),
		done:    make(chan struct{}),
		state:   core.StateConnected,
	}
	ws.SetPingHandler(c.pinged)
	ws.SetCloseHandler(c.closed)
	return c, nil
}

func readHello(ws *websocket.Conn) (*wire.Hello, error) {
	_, frame, err := ws.ReadMessage()
	if err != nil {
		return nil, fmt.Errorf("no hello: %w", err)
	}
	reply, err := codec.DecodeReply(frame)
	if err != nil {
		return nil, fmt.Errorf("no hello: %w", err)
	}
	hello, ok := reply.(*wire.Hello)
	if !ok {
		return nil, fmt.Errorf("no hello, but %s", codec.Kind(reply))
	}
	if hello.Protocol != wire.Version {
		return nil, fmt.Errorf("the broker speaks version %d of the protocol, and this client version %d",
			hello.Protocol, wire.Version)
	}
	return hello, nil
}

// start starts the goroutines of c. The caller holds the client's mu.
func (c *conn) start() {
	c.goroutines.Go(c.read)
	c.goroutines.Go(c.write)
}

// sendMessage queues a message of the core. The caller holds the client's mu.
func (c *conn) sendMessage(m *core.Message) {
	switch m.Kind {
	case core.Acquire:
		c.send(m.Acquire)
	case core.Release:
		c.release.ID, c.release.Quiet = m.ID, m.Quiet
		c.send(&c.release)
	case core.Cancel:
		c.cancel.ID = m.ID
		c.send(&c.cancel)
	}
}

// send queues m. The caller holds the client's mu.
func (c *conn) send(m wire.Request) {
	if c.queued().add(m) {
		c.out.reservePing(c.client.core.OpenID().N)
	}
	c.signal()
}

// queued returns the batch that the writer gets next. The caller holds the client's mu.
func (c *conn) queued() *batch {
	if c.out == nil {
		c.out = newBatch()
	}
	return c.out
}

// signal wakes the writer.
func (c *conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// noteState notes the state of a client whose connection is c, for the supervisor. The caller holds the client's mu.
func (c *conn) noteState(state core.State, pause wire.Pause) {
	if state == c.state && pause == c.pause {
		return
	}
	c.state, c.pause = state, pause
	select {
	case c.changed <- struct{}{}:
	default:
	}
}
