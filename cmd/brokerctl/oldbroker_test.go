package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/gorilla/websocket"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// oldbroker points BROKERCTL_PORT at a broker that knows no type of message but ping.
func oldBroker(ts *testscript.TestScript, _ bool, _ []string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.Close() }()
		var answer wire.Reply = &wire.Hello{
			Protocol: wire.Version, Session: "k3v9x2mq", HeartbeatMS: 5000, TimeoutMS: 15000,
			Limits: wire.DefaultLimits(),
		}
		for err == nil {
			var frame []byte
			if frame, err = codec.Append(nil, answer); err == nil {
				err = ws.WriteMessage(websocket.TextMessage, frame)
			}
			if _, frame, readErr := ws.ReadMessage(); readErr == nil {
				answer = oldAnswer(frame)
			} else {
				err = readErr
			}
		}
	}))
	ts.Defer(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	ts.Check(err)
	ts.Setenv("BROKERCTL_PORT", port)
}

// oldAnswer returns the answer of the old broker.
func oldAnswer(frame []byte) wire.Reply {
	m, err := codec.DecodeRequest(frame, wire.DefaultLimits())
	if err != nil {
		return &wire.Error{Code: wire.BadRequest, Message: err.Error()}
	}
	id, _ := wire.RequestID(m)
	if _, is := m.(*wire.Ping); is {
		return &wire.Pong{ID: id}
	}
	return &wire.Error{ID: id, Code: wire.BadRequest, Message: fmt.Sprintf("type: unknown: %q", codec.Kind(m))}
}
