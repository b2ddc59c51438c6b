package broker_test

import (
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// longQueue makes b wait 60,000 times for a lock that c holds, so that a search that reaches its queue takes long. It
// takes token 1.
func longQueue(r *rig) (b, c *peer) {
	b, c = r.connect("b"), r.connect("c")
	b.take()
	c.send(`{"type":"acquire","id":"cccccccc--0","locks":[{"name":"queue"}]}`)
	c.take()
	for n := range 60_000 {
		b.send(`{"type":"acquire","id":"bbbbbbbb--%d","locks":[{"name":"queue"}]}`, n)
	}
	pass(time.Second)
	return b, c
}

// A session is taken up while a search for one of its requests is under way. The search is given up, and the request
// is made again.
func TestTakeUpWhileSearching(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		b, c := longQueue(r)
		a, d, e := r.connectLasting("a", "kept"), r.connectLasting("d", "kept"), r.connect("e")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"own"}]}`)
		a.expect(`{"type":"granted","id":"aaaaaaaa--0","token":2}`)
		e.send(`{"type":"acquire","id":"eeeeeeee--0","locks":[{"name":"e"}]}`)
		e.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"queue"}],"parent":"aaaaaaaa--0"}`)
		a.expect()
		e.send(`{"type":"acquire","id":"eeeeeeee--1","locks":[{"name":"queue"}],"parent":"eeeeeeee--0"}`)
		e.expect() // it must wait until the search is over
		d.resume("a", `"held":[{"n":0,"token":2,"locks":[{"name":"own"}]}],`+
			`"waiting":[{"n":1,"locks":[{"name":"queue"}],"parent":"aaaaaaaa--0"}]`)
		a.expectClose(1008, "taken up")
		pass(time.Second)
		d.expect(`{"type":"resumed","id":"dddddddd--0","held":[0]}`)
		b.close()
		pass(time.Second) // otherwise b may be granted the lock, too
		c.close()
		pass(time.Second)
		d.expect(`{"type":"granted","id":"aaaaaaaa--1","token":4}`)
		d.close()
		e.expect(`{"type":"granted","id":"eeeeeeee--1","token":5}`)
		e.close()
	})
}
