package broker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// A browser answers the broker's pings for a page that hangs. A client that has said
// alive=message is therefore cut off a timeout after its last message, to the instant,
// however many pongs have come since, and what it held goes to the next.
func TestPongsOfAHungPage(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.connectWith("a", "&alive=message"), r.connect("b")
		a.take()
		b.take()
		pass(time.Second) // so that it does not end in the middle of a ping
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		pass(15*time.Second - 1)
		b.expect()
		pass(1)
		b.expect(`{"type":"granted","id":"bbbbbbbb--0","token":2}`)
		if a.pings == 0 {
			t.Error("no ping was answered meanwhile")
		}
		if !t.Failed() { // else it would stay for ever
			a.expectClose(1008, "silent")
		}
		_ = a.ws.Close()
		b.close()
	})
}

// It stays as long as it sends messages: 24 hours of the client's own pings.
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

// What is kept of it is kept for a timeout after its last message, not its last pong.
func TestKeptSinceTheLastMessage(t *testing.T) {
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

// The bytes of a message are signs of life for such a client, too.
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

// What is wrong with the broker's own parameters is refused, not dropped in silence.
func TestQueryRefusals(t *testing.T) {
	for query, help := range map[string]string{
		"alive=ping":                  "alive: want message",
		"alive=":                      "alive: want message",
		"alive":                       "alive: want message",
		"alive=message&alive=message": "alive: given twice",
		"client=a&client=b":           "client: given twice",
		"client=a%zz":                 "client: ",
		"alive=message%2":             "alive: ",
		"client=%ff":                  "client: want at most 256 bytes of UTF-8",
	} {
		inBubble(t, broker.Config{}, func(r *rig) {
			r.expectRefused("/ws?"+query, 400, help)
		})
	}
}

// Other parameters do not matter to the broker: they may be for a proxy.
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
