package wsclient_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A WebSocket ping, which a proxy may send, is answered; of several, at least the latest. During a blocked write it
// changes nothing: the write may take as long as it would without the ping.
func TestPingOfTheWebSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, ws := dialDeaf(t, newStage(t), "ws://stage")
		defer c.Close()
		pongs := make(chan string, 10)
		ws.SetPongHandler(func(text string) error {
			pongs <- text
			return nil
		})
		ping := func(text string) {
			if err := ws.WriteControl(websocket.PingMessage, []byte(text), time.Time{}); err != nil {
				t.Error(err)
			}
		}
		go func() { _, _ = c.Acquire(t.Context(), "a", nil) }()
		synctest.Wait()
		ping("first")
		pass(3 * time.Second)
		ping("second")
		pass(3 * time.Second)
		if got := c.State(); got != wsclient.Connected {
			t.Fatalf("the client is %v, with %v", got, c.Err())
		}
		go func() { // reading calls the pong handler
			for {
				if _, _, err := ws.ReadMessage(); err != nil {
					return
				}
			}
		}()
		if got := <-pongs; got != "second" {
			t.Errorf("pong %q, want that of the latest ping", got)
		}
		ping("third")
		if got := <-pongs; got != "third" {
			t.Errorf("pong %q", got)
		}
	})
}
