package broker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// TestConversations plays the clients of every golden conversation to a real
// broker, which must answer byte for byte.
func TestConversations(t *testing.T) {
	conversations, err := wiretest.Load("../testdata/wire")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range conversations {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, err := broker.New(broker.Config{Drain: broker.None})
				if err != nil {
					t.Fatal(err)
				}
				if first := c.Steps[0]; first.Kind == wiretest.Grace {
					b.RigGrace(first.Wait)
				}
				rigged(t, b, func(r *rig) { r.play(c) })
			})
		})
	}
}

func (r *rig) play(c wiretest.Conversation) {
	r.t.Helper()
	peers := map[string]*peer{}
	expected := map[string][]string{}
	closed := map[string]wiretest.Step{}
	settle := func() {
		for name, end := range closed { // first: who is closed closes its side, which may let others in
			peers[name].expect(expected[name]...)
			peers[name].expectClose(end.Code, end.Reason)
			delete(peers, name)
		}
		for name, p := range peers {
			p.expect(expected[name]...)
		}
		clear(expected)
		clear(closed)
		if r.t.Failed() {
			r.t.FailNow()
		}
	}
	for _, step := range c.Steps {
		// What has been expected is due before anything else happens.
		if step.Kind != wiretest.Receive && step.Kind != wiretest.Closed {
			settle()
		}
		p := peers[step.Conn]
		switch step.Kind {
		case wiretest.Connect:
			more := ""
			if step.Query != "" {
				more = "&" + step.Query
			}
			peers[step.Conn] = r.connectWith(step.Conn, more)
		case wiretest.Send:
			p.send("%s", step.Frame)
		case wiretest.SendBinary:
			_ = p.ws.WriteMessage(websocket.BinaryMessage, []byte("{}"))
		case wiretest.Receive:
			expected[step.Conn] = append(expected[step.Conn], string(step.Frame))
		case wiretest.Closed:
			closed[step.Conn] = step
		case wiretest.Close:
			if step.Code != 0 {
				p.sendClose(step.Code, "") // it vanishes later
				continue
			}
			p.close()
			delete(peers, step.Conn)
		case wiretest.Vanish:
			p.vanish()
			delete(peers, step.Conn)
		case wiretest.Grace: // it has begun so
		case wiretest.Pass:
			time.Sleep(step.Wait) //nolint:forbidigo // virtual time
		default:
			r.t.Fatalf("%s:%d: unknown step", c.Path, step.Line)
		}
	}
	settle()
	for _, p := range peers {
		p.close()
	}
}
