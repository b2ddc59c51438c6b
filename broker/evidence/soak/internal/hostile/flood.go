package hostile

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gorilla/websocket"
)

// A flooder is a session that sends well-formed messages, too many of them.
type flooder struct {
	*websocket.Conn
	session string
	next    int
}

// open opens a session. It returns nil if the broker refuses it.
func open(ctx context.Context, address string) *flooder {
	conn := dial(ctx, address)
	if conn == nil {
		return nil
	}
	f := &flooder{Conn: conn}
	_, text, err := conn.ReadMessage()
	if err != nil {
		_ = conn.Close()
		return nil
	}
	var hello struct {
		Session string `json:"session"`
	}
	if json.Unmarshal(text, &hello) != nil {
		_ = conn.Close()
		return nil
	}
	f.session = hello.Session
	return f
}

// id returns the id of the next message.
func (f *flooder) id() string {
	id := fmt.Sprintf("%s--%d", f.session, f.next)
	f.next++
	return id
}

func (f *flooder) send(format string, args ...any) error {
	return f.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...))
}

// discard reads until the connection ends.
func (f *flooder) discard() {
	for {
		if _, _, err := f.ReadMessage(); err != nil {
			return
		}
	}
}

// floodPings sends bursts of pings.
func floodPings(ctx context.Context, address string) {
	flood(ctx, address, func(f *flooder) error { return f.send(`{"type":"ping","id":%q}`, f.id()) })
}

// floodRequests sends bursts of requests that wait for its own lock, and cancels each.
func floodRequests(ctx context.Context, address string) {
	flood(ctx, address, func(f *flooder) error {
		id := f.id()
		if err := f.send(`{"type":"acquire","id":%q,"locks":[{"name":"hostile/%s"}]}`, id,
			f.session); err != nil {
			return err
		}
		if f.next%5 == 0 {
			return nil
		}
		return f.send(`{"type":"cancel","id":%q}`, id)
	})
}

// listAndNeverRead asks for listings and changes, and reads none.
func listAndNeverRead(ctx context.Context, address string) {
	f := open(ctx, address)
	if f == nil {
		return
	}
	defer func() { _ = f.Close() }()
	_ = f.send(`{"type":"watch","id":%q,"match":"**"}`, f.id())
	for rest(ctx) {
		if f.send(`{"type":"info","id":%q,"match":"**","max":1000,"queue":10000,"empty":true}`, f.id()) != nil {
			return
		}
	}
}

// comeAndGo opens and closes sessions, and sends a request on each.
func comeAndGo(ctx context.Context, address string) {
	for rest(ctx) {
		f := open(ctx, address)
		if f == nil {
			continue
		}
		_ = f.send(`{"type":"acquire","id":%q,"locks":[{"name":"hostile/all"}]}`, f.id())
		_ = f.Close()
	}
}

func flood(ctx context.Context, address string, send func(f *flooder) error) {
	f := open(ctx, address)
	if f == nil {
		return
	}
	read := make(chan struct{})
	go func() {
		f.discard()
		close(read)
	}()
	defer func() {
		_ = f.Close() // ends discard
		<-read
	}()
	for rest(ctx) {
		for range burst {
			if send(f) != nil {
				return
			}
		}
	}
}
