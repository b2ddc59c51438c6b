package broker_test

import (
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// FuzzFrames sends two arbitrary frames over a connection that holds a lock. The broker must not
// panic, and clients must be able to decode all its answers. The lock must still be held, unless
// the frames have ended its request.
func FuzzFrames(f *testing.F) {
	conversations, err := wiretest.Load("../testdata/wire")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range conversations {
		for _, step := range c.Steps {
			if step.Kind == wiretest.Send {
				f.Add(step.Frame, []byte(`{"type":"ping","id":"aaaaaaaa--1000"}`))
			}
		}
	}
	f.Add([]byte("\x00\xff"), []byte(`{"type":"acquire","id":"aaaaaaaa--9007199254740991","locks":[{"name":"\u0000"}]}`))
	f.Add([]byte(strings.Repeat("[", 20_000)), []byte(strings.Repeat(`{"a":`, 10_000)))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		inBubble(t, broker.Config{}, func(r *rig) {
			a, b := r.connect("a"), r.connect("b")
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"held"}]}`)
			a.take()
			b.take()
			for _, frame := range [][]byte{one, two} {
				if len(frame) > wire.DefaultLimits().MessageBytes {
					return
				}
				if err := a.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
					t.Fatalf("send: %v", err)
				}
				for _, answer := range a.take() {
					if _, err := codec.DecodeReply([]byte(answer)); err != nil {
						t.Errorf("%q was answered with %q: %v", frame, answer, err)
					}
				}
			}
			a.expectOpen()
			b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"held"}],"wait_ms":0}`)
			granted := strings.Contains(strings.Join(b.take(), ""), `"granted"`)
			if ended := endsHeld(one) || endsHeld(two); granted != ended {
				t.Errorf("after %q and %q: the lock went to b: %t; the frames ended it: %t", one, two,
					granted, ended)
			}
			a.close()
			b.close()
		})
	})
}

// endsHeld reports whether a frame ends the request that holds the lock.
func endsHeld(frame []byte) bool {
	m, err := codec.DecodeRequest(frame, wire.DefaultLimits())
	if err != nil {
		return false
	}
	held := wire.ID{Session: "aaaaaaaa"}
	switch m := m.(type) {
	case *wire.Release:
		return m.ID == held
	case *wire.Cancel:
		return m.ID == held
	}
	return false
}
