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

// cuts maps a close code to something that makes the broker cut off a client with that code.
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

// A client that answers the broker's close frame has given up its locks. They go to others at once,
// although the client leaves the connection open.
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

// The client may answer late, and may send other frames before the answer.
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

// A goodbye that crosses the broker's close frame on the way still counts, even with lock delay.
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

// A close frame frees locks only if it proves that the client has read the broker's. A frame with
// another code does not: a library may have sent it at the same time. With alive=message an answer
// frees no locks either, because something else may answer for the client. Nor does it with lock
// delay.
func TestNoAnswerAfterACut(t *testing.T) {
	tests := []struct {
		name, query string
		config      broker.Config
		code        int  // of the client's close frame
		closes      bool // whether it closes the connection
	}{
		{"none", "", broker.Config{}, 0, false},
		{"crossed", "", broker.Config{}, wire.CloseNormal, false},
		{"crossed by the broker's frame with another code", "", broker.Config{}, wire.ClosePolicy, false},
		{"answered by the browser", "&alive=message", broker.Config{}, wire.CloseBinary, false},
		{"answered by the browser, which then closes", "&alive=message", broker.Config{}, wire.CloseBinary, true},
		{"the browser closes the connection without an answer", "&alive=message", broker.Config{}, 0, true},
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

// After a client has broken the rules of WebSocket, the broker can read nothing more, so it cannot
// read an answer either.
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

// A slow consumer that goes on reading and answers within a second has given up its locks too. Here
// it is the loop that cuts off the client, while the reader is reading.
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
