package wsclient_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// The broker gives the locks of a client to others as soon as the client has answered its close frame. So the context
// of each lock must end before the answer is sent.
func TestLostBeforeTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		var ups sync.WaitGroup
		var ws *websocket.Conn
		ups.Go(func() {
			ws = <-s.ups
			_ = ws.WriteMessage(websocket.TextMessage, []byte(hello(15*time.Second)))
		})
		client, err := wsclient.Dial(t.Context(), "ws://stage", &wsclient.Options{NetDial: s.dial})
		if err != nil {
			t.Fatal(err)
		}
		ups.Wait()

		var lock *wsclient.Lock
		ups.Go(func() {
			var asked struct{ ID string }
			_, frame, _ := ws.ReadMessage()
			_ = json.Unmarshal(frame, &asked)
			_ = ws.WriteMessage(websocket.TextMessage,
				[]byte(`{"type":"granted","id":"`+asked.ID+`","token":1}`))
		})
		if lock, err = client.Acquire(t.Context(), "a", nil); err != nil {
			t.Fatal(err)
		}
		ups.Wait()

		answered := false
		ws.SetCloseHandler(func(code int, _ string) error {
			answered = code == wire.ClosePolicy
			if lock.Context().Err() == nil {
				t.Error("the answer came while the lock counted as held")
			}
			return nil
		})
		ups.Go(func() { // a pipe has no buffer: something must read while the close frame is written
			_, _, _ = ws.ReadMessage()
		})
		frame := websocket.FormatCloseMessage(wire.ClosePolicy, "slow consumer")
		_ = ws.WriteControl(websocket.CloseMessage, frame, time.Time{})
		ups.Wait()
		if !answered {
			t.Error("no answer with the code of the broker")
		}
		expectLost(t, context.Cause(lock.Context()), wsclient.LostConnection)
		_ = ws.Close()
		_ = client.Close()
	})
}
