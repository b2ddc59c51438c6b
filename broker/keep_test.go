package broker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// keepStory sets up these tests: a holds x, and b waits for it; b holds y, and a waits for it. Two
// seconds pass, in which nothing else is sent.
func keepStory(r *rig) (a, b *peer) {
	a, b = r.connect("a"), r.connect("b")
	b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"y"}]}`)
	b.take()
	a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
	a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"y"}]}`)
	a.take()
	b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"x"}]}`)
	pass(2 * time.Second)
	return a, b
}

// With lock delay and without a close frame, a's lock is kept until timeout_ms after its last byte,
// and a is listed as gone. Its waiting request is withdrawn at once.
func TestLockDelay(t *testing.T) {
	inBubble(t, broker.Config{LockDelay: true}, func(r *rig) {
		a, b := keepStory(r)
		a.vanish()
		pass(time.Second)
		b.expect()
		b.send(`{"type":"info","id":"bbbbbbbb--2"}`)
		b.expect(`{"type":"info","id":"bbbbbbbb--2","locks":[` +
			`{"name":"y","seq":1,"holders":[{"id":"bbbbbbbb--0","mode":"exclusive","token":1,"locks":["y"],"duration_ms":3000,"client":"b","remote":"192.0.2.2:1000"}],"waiters":[],"holding":1,"waiting":0,"grants":1},` +
			`{"name":"x","seq":2,"holders":[{"id":"aaaaaaaa--0","mode":"exclusive","token":2,"locks":["x"],"duration_ms":3000,"client":"a","remote":"192.0.2.1:1000","gone":true}],` +
			`"waiters":[{"id":"bbbbbbbb--1","mode":"exclusive","locks":["x"],"duration_ms":3000,"client":"b","remote":"192.0.2.2:1000"}],"holding":1,"waiting":1,"grants":1}]}`)

		pass(12*time.Second - 1) // a nanosecond less than 15 s after its last byte
		b.expect()
		pass(1)
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
		b.close()
	})
}

// A client that says goodbye holds nothing: its locks go to others at once.
func TestLockDelayAndGoodbye(t *testing.T) {
	inBubble(t, broker.Config{LockDelay: true}, func(r *rig) {
		a, b := keepStory(r)
		a.close()
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
		b.close()
	})
}

// Without lock delay, the locks go to others at once if the client's kernel ends the connection.
func TestNoLockDelay(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := keepStory(r)
		a.vanish()
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
		b.close()
	})
}

// After a close frame that is not a goodbye, and without a FIN, a's lock is kept.
func TestCloseWithoutGoodbye(t *testing.T) {
	for _, delayed := range []bool{false, true} {
		inBubble(t, broker.Config{LockDelay: delayed}, func(r *rig) {
			a, b := keepStory(r)
			a.sendClose(wire.CloseNormal, "")
			<-a.ended // its close frame is answered
			pass(15*time.Second - 1)
			b.expect()
			pass(1)
			b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
			b.close()
			_ = a.ws.Close()
		})
	}
}

// After the broker has cut off a client, it listens. The locks go to others when the client's
// kernel sends FIN. With lock delay they are kept even then.
func TestFINAfterACut(t *testing.T) {
	for _, delayed := range []bool{false, true} {
		inBubble(t, broker.Config{LockDelay: delayed}, func(r *rig) {
			a, b := keepStory(r)
			a.answersNoClose()
			a.send("%s", strings.Repeat(" ", 65537)) // too long a frame: the broker closes the connection
			<-a.ended
			pass(5 * time.Second)
			b.expect()
			_ = a.ws.Close()
			if delayed {
				b.expect()
				pass(10 * time.Second)
			}
			b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
			b.close()
		})
	}
}

// A broker that stops does not wait for clients that it is still listening to.
func TestStopWhileListening(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := keepStory(r)
		a.sendClose(wire.CloseNormal, "")
		<-a.ended
		b.close()
		start := time.Now()
		r.server.Stop()
		if took := time.Since(start); took > broker.CloseWait {
			t.Errorf("it took %v", took)
		}
		_ = a.ws.Close()
	})
}

// With lock delay, the locks of a client that the broker has cut off are kept: it has not said
// goodbye.
func TestLockDelayAndCut(t *testing.T) {
	inBubble(t, broker.Config{LockDelay: true}, func(r *rig) {
		a, b := keepStory(r)
		a.send("%s", strings.Repeat(" ", 65537)) // too long a frame: the broker closes the connection
		<-a.ended
		_ = a.ws.Close()
		b.expect()
		pass(15*time.Second - 1)
		b.expect()
		pass(1)
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
		b.close()
	})
}

// If the broker ends a session because it was silent, its locks are not kept, because the session
// timeout has already passed.
func TestLockDelayAndSilence(t *testing.T) {
	inBubble(t, broker.Config{LockDelay: true}, func(r *rig) {
		a, b := r.dial("a"), r.connect("b")
		drain(a)
		b.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		pass(time.Second)
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		pass(14*time.Second - 1)
		b.expect()
		pass(1)
		b.expect(`{"type":"granted","id":"bbbbbbbb--0","token":2}`)
		b.close()
		_ = a.ws.Close()
	})
}

// An operator can evict a request whose locks are kept.
func TestEvictKeptRequest(t *testing.T) {
	inBubble(t, broker.Config{LockDelay: true}, func(r *rig) {
		a, b := keepStory(r)
		a.vanish()
		b.send(`{"type":"evict","id":"bbbbbbbb--2","request":"aaaaaaaa--0"}`)
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`, `{"type":"evicted","id":"bbbbbbbb--2"}`)
		b.close()
	})
}

// pass lets virtual time pass.
func pass(d time.Duration) { time.Sleep(d) } //nolint:forbidigo // virtual time
