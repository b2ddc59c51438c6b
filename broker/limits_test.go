package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// Every limit is announced in the hello and is enforced exactly. A value at the limit is accepted.
// One more is refused, with no other consequences.
func TestLimits(t *testing.T) {
	limits := wire.Limits{MessageBytes: 300, NameBytes: 5, AuthorBytes: 4, LocksPerRequest: 2, Requests: 3}
	acquire := func(n int, locks, author string) string {
		return fmt.Sprintf(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[%s],"author":"%s"}`, n, locks,
			author)
	}
	inBubble(t, broker.Config{Limits: limits}, func(r *rig) {
		a := r.connect("a")
		a.expect(`{"type":"hello","protocol":1,"session":"aaaaaaaa","heartbeat_ms":5000,"timeout_ms":15000,` +
			`"limits":{"message_bytes":300,"name_bytes":5,"author_bytes":4,"locks_per_request":2,` +
			`"requests":3}}`)

		a.send("%s", acquire(0, `{"name":"12345"}`, "äb"+"c"))
		a.expect(`{"type":"granted","id":"aaaaaaaa--0","token":1}`)
		a.send("%s", acquire(1, `{"name":"123456"}`, ""))
		a.expect(`{"type":"error","id":"aaaaaaaa--1","code":"bad_request",` +
			`"message":"locks[0].name: 6 bytes are too long, at most 5"}`)
		a.send("%s", acquire(1, `{"name":"x"}`, "äbcd"))
		a.expect(`{"type":"error","id":"aaaaaaaa--1","code":"bad_request",` +
			`"message":"author: 5 bytes are too long, at most 4"}`)
		a.send("%s", acquire(1, `{"name":"x"},{"name":"y"},{"name":"z"}`, ""))
		a.expect(`{"type":"error","id":"aaaaaaaa--1","code":"bad_request",` +
			`"message":"locks: 3 are too many, at most 2"}`)

		a.send("%s", acquire(1, `{"name":"x"},{"name":"y"}`, ""))
		a.expect(`{"type":"granted","id":"aaaaaaaa--1","token":2}`)
		a.send("%s", acquire(2, `{"name":"x"}`, "")) // a waiting request counts too
		a.send("%s", acquire(3, `{"name":"z"}`, ""))
		a.expect(`{"type":"error","id":"aaaaaaaa--3","code":"too_many",` +
			`"message":"this session already has 3 requests"}`)
		a.send(`{"type":"cancel","id":"aaaaaaaa--2"}`)
		a.send("%s", acquire(4, `{"name":"z"}`, ""))
		a.expect(`{"type":"cancelled","id":"aaaaaaaa--2"}`, `{"type":"granted","id":"aaaaaaaa--4","token":3}`)
		a.close()
	})
}

// A frame of exactly message_bytes is read; one more byte closes the connection.
func TestMessageBytes(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.connect("a")
		a.take()
		ping := `{"type":"ping","id":"aaaaaaaa--0"}`
		a.send("%s", ping+strings.Repeat(" ", 65536-len(ping)))
		a.expect(`{"type":"pong","id":"aaaaaaaa--0"}`)
		a.send("%s", strings.Repeat(" ", 65537))
		a.expectClose(wire.CloseTooBig, "frame too long")
	})
}

// A hundred malformed frames in a row are answered, and cost no locks. The next one is answered
// too, and ends the connection. A well-formed frame restarts the count.
func TestMalformedFramesInARow(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.connect("a")
		a.take()
		for range 2 {
			for range broker.MaxMalformed {
				a.send("{")
			}
			a.send(`{"well":"formed, though unknown"}`)
			if got := len(a.take()); got != broker.MaxMalformed+1 {
				t.Fatalf("got %d answers, want %d", got, broker.MaxMalformed+1)
			}
		}
		for range broker.MaxMalformed + 1 {
			a.send("{")
		}
		if got := len(a.take()); got != broker.MaxMalformed+1 {
			t.Errorf("got %d answers, want %d", got, broker.MaxMalformed+1)
		}
		a.expectClose(wire.ClosePolicy, "malformed frames")
	})
}

// A client that receives nothing is cut off when a write has made no progress for 10 s. It may be a
// stale holder until one session timeout after its last byte. Then its locks go to the next waiter.
func TestStuckConsumer(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.dial("a"), r.connect("b") // a does not even read the hello
		b.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		time.Sleep(time.Second) //nolint:forbidigo // virtual time
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		pass(broker.WriteStall - time.Second - 1)
		b.expect()
		pass(1)
		b.expect()
		b.send(`{"type":"info","id":"bbbbbbbb--1"}`)
		if frames := b.take(); len(frames) != 1 || !strings.Contains(frames[0], `"gone":true`) {
			t.Errorf("after %v: %s", broker.WriteStall, frames)
		}
		pass(15*time.Second - broker.WriteStall - 1)
		b.expect()
		pass(1)
		b.expect(`{"type":"granted","id":"bbbbbbbb--0","token":2}`)
		b.close()
		_ = a.ws.Close()
	})
}

// A client may ask for many pages at once. It gets them one by one: the broker starts the next page
// only when the last one has been sent.
func TestManyPages(t *testing.T) {
	const waiters, pages = 3000, 100
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.dial("a"), r.connect("b")
		for n := range waiters {
			b.send(`{"type":"acquire","id":"bbbbbbbb--%d","locks":[{"name":"x"}],"author":"%0256d"}`, n, n)
		}
		b.take()
		go func() {
			for n := range pages {
				a.send(`{"type":"info","id":"aaaaaaaa--%d","queue":10000}`, n)
			}
			a.send(`{"type":"info","id":"bad"}`) // refused, so it does not delay the next page
			a.send(`{"type":"info","id":"aaaaaaaa--%d"}`, pages)
		}()
		synctest.Wait()
		a.read()
		pass(time.Second) // the reader rests after it has waited for the loop
		frames := a.take()
		if len(frames) != 1+pages+2 {
			t.Fatalf("got %d frames, want the hello, %d pages, an error and a page", len(frames), pages)
		}
		due := 0
		for n, frame := range frames[1 : pages+1] {
			due += len(frame)
			want := fmt.Sprintf(`{"type":"info","id":"aaaaaaaa--%d"`, n)
			if !strings.HasPrefix(frame, want) {
				t.Errorf("got %.60s, want %s", frame, want)
			}
		}
		if due < broker.OutboxBytes {
			t.Fatalf("the pages have %d bytes in total, too few to prove anything", due)
		}
		a.close()
		b.close()
	})
}

// A client that leaves more than 16 MiB unread is cut off at once. It may be a stale holder until
// one session timeout after its last byte. Then its locks go to the next waiter, who notices
// nothing else.
func TestSlowConsumer(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.dial("a"), r.connect("b")
		b.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		synctest.Wait()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		start := time.Now()
		garbage := strings.Repeat("x", 60_000)
		due, asked := 0, 0
		isGone := func() bool {
			asked++
			b.send(`{"type":"info","id":"bbbbbbbb--%d"}`, asked)
			return strings.Contains(strings.Join(b.take(), ""), `"gone":true`)
		}
		for !isGone() && due < 2*broker.OutboxBytes {
			a.send(`{"type":"ping","id":"%s"}`, garbage) // answered with an error that repeats the id
			due += len(garbage)
		}
		if due < broker.OutboxBytes*99/100 || due > broker.OutboxBytes*101/100 {
			t.Errorf("cut off when %d bytes were due, want about %d", due, broker.OutboxBytes)
		}
		const rests = 10 * time.Millisecond // the reader rests after each long message
		if took := time.Since(start); took > rests {
			t.Errorf("it took %v", took)
		}
		pass(15*time.Second - rests)
		b.expect()
		pass(rests)
		b.expect(`{"type":"granted","id":"bbbbbbbb--0","token":2}`)
		b.close()
		_ = a.ws.Close()
	})
}
