package broker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// A browser answers the broker's pings even when its page hangs. So a client with alive=message is
// cut off exactly one session timeout after its last message, whatever pongs it has sent since. Its
// lock goes to the next waiter.
func TestPongsOfAHungPage(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.connectWith("a", "&alive=message"), r.connect("b")
		a.take()
		b.take()
		pass(time.Second) // so that the timeout does not end at the same time as a ping
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		pass(15*time.Second - 1)
		b.expect()
		pass(1)
		b.expect(`{"type":"granted","id":"bbbbbbbb--0","token":2}`)
		if a.pings == 0 {
			t.Error("the client answered no ping meanwhile")
		}
		if !t.Failed() { // otherwise the session would stay forever
			a.expectClose(1008, "silent")
		}
		_ = a.ws.Close()
		b.close()
	})
}

// A client with alive=message stays connected as long as it sends messages: here, 24 hours of its
// own pings.
func TestMessagesAreSignsOfLife(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.connectWith("a", "&alive=message")
		for n := range 24 * 60 * 6 {
			a.send(`{"type":"ping","id":"aaaaaaaa--%d"}`, n)
			pass(10 * time.Second)
		}
		a.expectOpen()
		a.close()
	})
}

// When a client with alive=message disconnects, its locks are kept until one session timeout after
// its last message, not after its last pong.
func TestLocksKeptAfterTheLastMessage(t *testing.T) {
	inBubble(t, broker.Config{LockDelay: true}, func(r *rig) {
		a, b := r.connectWith("a", "&alive=message"), r.connect("b")
		a.take()
		b.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.take()
		pass(12 * time.Second) // with pongs at 5 and 10
		a.vanish()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		pass(3*time.Second - 1)
		b.expect()
		pass(1)
		b.expect(`{"type":"granted","id":"bbbbbbbb--0","token":2}`)
		b.close()
	})
}

// For a client with alive=message, part of a message is also a sign of life.
func TestTricklingMessage(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.dialWith("a", "&alive=message")
		drain(a)
		trickle(t, a, `{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		synctest.Wait()
		b := r.connect("b")
		b.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}],"wait_ms":1}`)
		pass(time.Millisecond)
		if frames := b.take(); len(frames) != 1 {
			t.Errorf("x is not held: %s", frames)
		}
		b.close()
		_ = a.ws.Close()
	})
}

// An invalid value of one of the broker's parameters is refused, not ignored.
func TestQueryRefusals(t *testing.T) {
	for query, help := range map[string]string{
		"alive=ping":                  "alive: want message",
		"alive=":                      "alive: want message",
		"alive":                       "alive: want message",
		"alive=message&alive=message": "alive: given twice",
		"client=a&client=b":           "client: given twice",
		"client=a%zz":                 "client: ",
		"alive=message%2":             "alive: ",
		"draining=1":                  "draining: want accept",
		"draining=accept&draining=":   "draining: given twice",
		"client=%ff":                  "client: want at most 256 bytes of UTF-8",
	} {
		inBubble(t, broker.Config{}, func(r *rig) {
			r.expectRefused("/ws?"+query, 400, help)
		})
	}
}

// The broker ignores other parameters, which may be meant for a proxy.
func TestForeignParameters(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		queries := []string{"t=a%zz", "x=1;y=2", "x=1&x=2", "%zz=1", "client=a;b", "&&", "alive=message&t=%zz"}
		for i, query := range queries {
			name := string(rune('a' + i))
			a := r.dialQuery(name, query)
			a.read()
			a.close()
		}
	})
}
