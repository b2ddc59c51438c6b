package broker_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// cuts are things for which the broker cuts a client off.
var cuts = map[int]func(p *peer){
	wire.CloseTooBig: func(p *peer) { p.send("%s", strings.Repeat(" ", 65537)) },
	wire.CloseBinary: func(p *peer) { _ = p.ws.WriteMessage(websocket.BinaryMessage, []byte("{}")) },
	wire.ClosePolicy: func(p *peer) {
		for range broker.MaxMalformed + 1 {
			p.send("{")
		}
	},
}

// answersNoClose makes p read close frames without answering them.
func (p *peer) answersNoClose() {
	p.ws.SetCloseHandler(func(int, string) error { return nil })
}

// A client that answers the broker's close frame has given everything up. Its locks go to others at
// once, although it leaves the connection open.
func TestAnswerAfterACut(t *testing.T) {
	for code, cut := range cuts {
		inBubble(t, broker.Config{}, func(r *rig) {
			a, b := keepStory(r)
			cut(a)
			<-a.ended // it has answered
			b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
			if t.Failed() {
				t.Fatalf("after close %d", code)
			}
			b.close()
			_ = a.ws.Close()
		})
	}
}

// The client may answer late, and may send anything before the answer.
func TestLateAnswer(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := keepStory(r)
		a.answersNoClose()
		cuts[wire.CloseBinary](a)
		<-a.ended
		pass(5 * time.Second)
		a.send(`{"type":"ping","id":"aaaaaaaa--2"}`)
		_ = a.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
		a.send("%s", strings.Repeat(" ", 100_000))
		pass(5 * time.Second)
		b.expect()
		a.sendClose(wire.CloseBinary, "")
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
		b.close()
		_ = a.ws.Close()
	})
}

// A goodbye that crosses the broker's close frame counts, even with lock delay.
func TestGoodbyeAfterACut(t *testing.T) {
	inBubble(t, broker.Config{LockDelay: true}, func(r *rig) {
		a, b := keepStory(r)
		a.answersNoClose()
		cuts[wire.CloseBinary](a)
		<-a.ended
		a.sendClose(wire.CloseNormal, wire.Goodbye)
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
		b.close()
		_ = a.ws.Close()
	})
}

// A close frame frees locks only if its sender has read the broker's. A frame with another code
// does not prove that: a library may have sent it at the same time. An answer frees none either
// with alive=message, because something else may answer for the client, and none with lock delay.
func TestNoAnswerAfterACut(t *testing.T) {
	tests := []struct {
		name, query string
		config      broker.Config
		code        int  // of the client's close frame
		closes      bool // the connection
	}{
		{"none", "", broker.Config{}, 0, false},
		{"crossed", "", broker.Config{}, wire.CloseNormal, false},
		{"crossed by another code of the broker", "", broker.Config{}, wire.ClosePolicy, false},
		{"by the browser", "&alive=message", broker.Config{}, wire.CloseBinary, false},
		{"by the browser, which then closes", "&alive=message", broker.Config{}, wire.CloseBinary, true},
		{"the browser closes without", "&alive=message", broker.Config{}, 0, true},
		{"with lock delay", "", broker.Config{LockDelay: true}, wire.CloseBinary, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, test.config, func(r *rig) {
				a, b := r.connectWith("a", test.query), r.connect("b")
				a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
				a.take()
				b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"x"}]}`)
				b.take()
				a.answersNoClose()
				cuts[wire.CloseBinary](a)
				<-a.ended
				if test.code != 0 {
					a.sendClose(test.code, "")
				}
				if test.closes {
					_ = a.ws.Close()
				}
				pass(15*time.Second - 1)
				b.expect()
				pass(1)
				b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":2}`)
				b.close()
				_ = a.ws.Close()
			})
		})
	}
}

// After a breach of the rules of WebSocket the broker can read nothing more, and so no answer.
func TestAnswerAfterABreach(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := keepStory(r)
		a.answersNoClose()
		if _, err := a.net.Write([]byte{0x83, 0x80, 0, 0, 0, 0}); err != nil { // an opcode that does not exist
			t.Fatal(err)
		}
		<-a.ended
		a.sendClose(wire.CloseProtocol, "")
		pass(15*time.Second - 1)
		b.expect()
		pass(1)
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
		b.close()
		_ = a.ws.Close()
	})
}

// A slow consumer that reads on and answers within a second has given everything up as well. Here
// the loop cuts it off, while its reader is reading.
func TestSlowConsumerAnswers(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.dial("a"), r.connect("b")
		b.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		synctest.Wait()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		garbage := strings.Repeat("x", 60_000)
		for due := 0; due < broker.OutboxBytes*102/100; due += len(garbage) {
			a.send(`{"type":"ping","id":"%s"}`, garbage) // answered with an error that repeats the id
		}
		b.expect()
		a.read()
		<-a.ended
		b.expect(`{"type":"granted","id":"bbbbbbbb--0","token":2}`)
		a.expectClose(wire.ClosePolicy, "slow consumer")
		b.close()
	})
}
