package hostile

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

const (
	// pause is how long a client waits between two bursts, so that the attack leaves some processor to the broker.
	pause = 20 * time.Millisecond
	// attackTime is how long a client attacks with one connection.
	attackTime = 2 * time.Second
	burst      = 50
)

// source is the address of the clients. Every address that begins with 127 is one of this machine on Linux.
var source = net.IPv4(127, 0, 0, 2)

// Attack attacks the broker at address, a host and port, with n clients, until ctx ends.
func Attack(ctx context.Context, address string, n int) {
	var clients sync.WaitGroup
	for i := range n {
		clients.Go(func() {
			for ; ctx.Err() == nil; i++ {
				short, cancel := context.WithTimeout(ctx, attackTime)
				attacks[i%len(attacks)](short, address)
				cancel()
				rest(ctx)
			}
		})
	}
	clients.Wait()
}

// rest waits for the pause between two bursts. It returns false when ctx has ended.
func rest(ctx context.Context) bool {
	select {
	case <-time.After(pause):
		return true
	case <-ctx.Done():
		return false
	}
}

// attacks are the attacks. Each lasts until ctx ends or the broker closes the connection.
var attacks = []func(ctx context.Context, address string){
	sendGarbage, stayInHandshake, sendBadFrames, sendBadMessages, floodPings, floodRequests, listAndNeverRead,
	comeAndGo,
}

func dialTCP(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: source}}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	return conn, nil
}

func dial(ctx context.Context, address string) *websocket.Conn {
	d := websocket.Dialer{NetDialContext: dialTCP, Subprotocols: []string{wire.Subprotocol}}
	conn, response, err := d.DialContext(ctx, "ws://"+address+"/ws?client=hostile", nil)
	if response != nil {
		_ = response.Body.Close()
	}
	if err != nil {
		return nil
	}
	return conn
}

// sendGarbage sends bytes that are not HTTP.
func sendGarbage(ctx context.Context, address string) {
	conn, err := dialTCP(ctx, "tcp4", address)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	garbage := make([]byte, 4096)
	for rest(ctx) {
		for i := range garbage {
			garbage[i] = byte(rand.Uint32())
		}
		if _, err := conn.Write(garbage); err != nil {
			return
		}
	}
}

// stayInHandshake opens connections that never become WebSockets.
func stayInHandshake(ctx context.Context, address string) {
	for range burst {
		conn, err := dialTCP(ctx, "tcp4", address)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		if _, err := conn.Write([]byte("GET /ws HTTP/1.1\r\nHost: hostile\r\nX-Slow: ")); err != nil {
			return
		}
	}
	<-ctx.Done()
}

// sendBadFrames sends frames that break the WebSocket protocol, each on a new connection.
func sendBadFrames(ctx context.Context, address string) {
	frames := [][]byte{
		{0x8f, 0x80, 1, 2, 3, 4},             // an unknown opcode
		{0x81, 0x01, 'x'},                    // not masked
		{0xf1, 0x80, 1, 2, 3, 4},             // reserved bits
		{0x80, 0x80, 1, 2, 3, 4},             // a continuation of nothing
		{0x89, 0xfe, 0xff, 0xff, 1, 2, 3, 4}, // a ping that is too long
		{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4},
	}
	for n := 0; rest(ctx); n++ {
		conn := dial(ctx, address)
		if conn == nil {
			return
		}
		_, _ = conn.NetConn().Write(frames[n%len(frames)]) // the broker may have closed the connection
		_, _, _ = conn.ReadMessage()
		_ = conn.Close()
	}
}

// sendBadMessages sends frames that are not messages of the protocol.
func sendBadMessages(ctx context.Context, address string) {
	messages := []string{
		``, `null`, `[]`, `{`, `{"type":"acquire"}`, `{"type":"nothing"}`, "\xff\xfe",
		`{"type":"release","id":"x"}`,
		`{"type":"acquire","id":"a--0","locks":[{"name":""}]}`,
		`{"type":"evict","id":"a--0","request":"zzzzzzzz--9"}`,
		`{"type":"acquire","type":"acquire"}`, `{"type":"ping","id":` + fmt.Sprintf("%0100000d", 1) + `}`,
	}
	for n := rand.IntN(len(messages)); rest(ctx); n++ {
		conn := dial(ctx, address)
		if conn == nil {
			return
		}
		kind := websocket.TextMessage
		if n%5 == 0 {
			kind = websocket.BinaryMessage
		}
		_ = conn.WriteMessage(kind, []byte(messages[n%len(messages)]))
		_, _, _ = conn.ReadMessage()
		_ = conn.Close()
	}
}
