package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"

	"github.com/gorilla/websocket"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// oldbroker points BROKERCTL_PORT at a broker that knows no type of message but ping.
func oldBroker(ts *testscript.TestScript, _ bool, _ []string) {
	pretend(ts, wire.Hello{}, oldAnswer)
}

// ownerof TERM URL points BROKERCTL_PORT at a broker without locks that says that it is the owner at this URL.
func ownerOfTerm(ts *testscript.TestScript, _ bool, args []string) {
	term, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	url, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	pretend(ts, wire.Hello{Term: term, Owner: url}, func(frame []byte) wire.Reply {
		m, err := codec.DecodeRequest(frame, wire.DefaultLimits())
		if info, is := m.(*wire.Info); err == nil && is {
			return &wire.InfoPage{ID: info.ID, Locks: []wire.LockInfo{}, Term: term, Owner: url}
		}
		return oldAnswer(frame)
	})
}

// pretend points BROKERCTL_PORT at a server that says hello, with the basic fields filled in, and then answers each
// message.
func pretend(ts *testscript.TestScript, hello wire.Hello, reply func(frame []byte) wire.Reply) {
	hello.Protocol, hello.Session, hello.Limits = wire.Version, "k3v9x2mq", wire.DefaultLimits()
	hello.HeartbeatMS, hello.TimeoutMS = 5000, 15000
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.Close() }()
		var answer wire.Reply = &hello
		for err == nil {
			var frame []byte
			if frame, err = codec.Append(nil, answer); err == nil {
				err = ws.WriteMessage(websocket.TextMessage, frame)
			}
			if _, frame, readErr := ws.ReadMessage(); readErr == nil {
				answer = reply(frame)
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
