package wsclient_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A tellingConn calls closing when a close frame is about to be sent.
type tellingConn struct {
	net.Conn
	closing func()
}

func (c *tellingConn) Write(p []byte) (int, error) {
	if len(p) > 0 && p[0] == 0x80|websocket.CloseMessage {
		c.closing()
	}
	return c.Conn.Write(p)
}

// Locks are lost before the client answers a close frame of the broker, and before it says goodbye: the broker may
// take either for the end of the session.
func TestLostBeforeTheCloseFrame(t *testing.T) {
	for name, end := range map[string]func(c *wsclient.Client, ws *websocket.Conn){
		"answer": func(_ *wsclient.Client, ws *websocket.Conn) {
			_ = ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(wire.CloseRestart, ""))
		},
		"goodbye": func(c *wsclient.Client, _ *websocket.Conn) { go func() { _ = c.Close() }() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var held atomic.Pointer[wsclient.Lock]
				frames := 0
				s := newStage(t)
				options := &wsclient.Options{NoReconnect: true,
					NetDial: func(ctx context.Context, _, _ string) (net.Conn, error) {
						conn, err := s.dial(ctx, "", "")
						return &tellingConn{Conn: conn, closing: func() {
							frames++
							lock := held.Load()
							if lock.Context().Err() == nil || lock.Valid() {
								t.Error("the lock is still held")
							}
						}}, err
					}}
				up := make(chan *websocket.Conn, 1)
				go func() { // the broker grants one lock
					ws := <-s.ups
					_ = ws.WriteMessage(websocket.TextMessage, []byte(hello(15*time.Second)))
					_, _, _ = ws.ReadMessage()
					_ = ws.WriteMessage(websocket.TextMessage,
						[]byte(`{"type":"granted","id":"aaaaaaaa--0","token":7}`))
					up <- ws
				}()
				c, err := wsclient.Dial(t.Context(), "ws://stage", options)
				if err != nil {
					t.Fatal(err)
				}
				held.Store(acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{}))
				ws := <-up
				end(c, ws)
				_, _, err = ws.ReadMessage()
				want := map[string]string{"answer": "", "goodbye": wire.Goodbye}[name]
				closed, is := err.(*websocket.CloseError) //nolint:errorlint // never wrapped
				if !is || closed.Text != want {
					t.Errorf("got %v, want the reason %q", err, want)
				}
				_ = ws.Close()
				<-c.Done()
				if frames != 1 {
					t.Errorf("%d close frames", frames)
				}
				_ = c.Close()
			})
		})
	}
}
