package broker_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

const usedUp = "the broker's memory is used up (1.0 MiB): try again later"

// When the memory is used up, requests, watches and clients are refused. Everything that frees memory
// works, and every session may have a few requests and watches.
func TestMemoryIsUsedUp(t *testing.T) {
	log := new(testLog)
	inBubble(t, broker.Config{MaxMemory: 1 << 20, Logger: log.logger()}, func(r *rig) {
		a, b, c := r.shopper("a"), r.shopper("b"), r.shopper("c")
		b.expect(10, "", 10, 0, "")
		name := strings.Repeat("n", 500)
		taken, refused := r.useUpMemory(a, name)
		b.expect(8, "", 6, 2, usedUp) // its first 16 are always possible
		started, messages := c.watch(4)
		c.compare(started, messages, 2, 2, usedUp)
		response, end := r.upgradeFrom("d", "192.0.2.9:1")
		defer end()
		body, _ := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" ||
			string(body) != usedUp+"\n" {
			t.Errorf("a client: %s %q %q", response.Status, response.Header, body)
		}
		r.expectRefusals(map[string]int64{"memory": int64(refused) + 2 + 2 + 1})

		b.send(`{"type":"release","id":"bbbbbbbb--0"}`)
		b.send(`{"type":"cancel","id":"bbbbbbbb--1"}`)
		c.send(`{"type":"evict","id":"cccccccc--9","request":"bbbbbbbb--2"}`)
		pass(time.Second)
		for kind, p := range map[string]*shopper{`"released"`: b, `"evicted"`: c} {
			if got := strings.Join(p.take(), ""); !strings.Contains(got, kind) {
				t.Errorf("%s: got %s, want %s", p.name, got, kind)
			}
		}
		for n := range taken / 2 {
			a.send(`{"type":"release","id":"aaaaaaaa--%d"}`, n)
		}
		pass(time.Second)
		a.take()
		b.take()
		b.expect(30, "", 30, 0, "")
	})
	if got := log.lines("limit of the broker", `"limit":"memory"`, `"session":"aaaaaaaa"`); len(got) == 0 {
		t.Error("the log says nothing")
	}
}

// useUpMemory makes requests until the memory is used up. It returns how many there were, and how many were refused.
func (r *rig) useUpMemory(a *shopper, name string) (taken, refused int) {
	r.t.Helper()
	for ; refused == 0 && taken < 10_000; taken++ {
		_, messages := a.acquire(1, fmt.Sprintf("%s-%d", name, taken))
		refused = messages[usedUp]
	}
	synctest.Wait()
	// A refused request counts with what it took to read it. So there may be room for one more client afterwards.
	const ofRequest, ofClient = 16 << 10, 16 << 10
	if estimate := r.broker.Memory(); estimate < 1<<20-ofRequest || estimate > 1<<20+1000 || taken < 1000 {
		r.t.Fatalf("after %d requests %d bytes are estimated", taken, estimate)
	}
	for _, name := range []string{"e", "f"} {
		if r.broker.Memory() <= 1<<20 {
			r.shopper(name)
			synctest.Wait()
		}
	}
	if estimate := r.broker.Memory(); estimate <= 1<<20 || estimate > 1<<20+ofClient {
		r.t.Fatalf("%d bytes are estimated", estimate)
	}
	return taken, refused
}

// When everything has ended, no memory is counted any longer.
func TestMemoryIsCountedBack(t *testing.T) {
	inBubble(t, broker.Config{IdleNames: broker.None}, func(r *rig) {
		synctest.Wait() // until the loop runs
		before := r.broker.Memory()
		a, b := r.shopper("a"), r.shopper("b")
		a.expect(1, "x", 1, 0, "")
		b.expect(100, "x", 0, 0, "")
		b.watch(20)
		slow := r.dial("c") // reads nothing
		for range 50 {
			slow.send(`{"type":"ping","id":"%s"}`, strings.Repeat("x", 60_000))
		}
		half := r.shopper("d")
		sendHalf(t, half.peer, 50_000)
		synctest.Wait()
		if grown := r.broker.Memory() - before; grown < 3<<20 {
			t.Errorf("%d bytes are counted, want those that are unsent", grown)
		}
		for _, p := range []*peer{a.peer, b.peer} {
			p.close()
		}
		half.vanish()
		pass(broker.WriteStall) // the writer of the slow client gives up
		slow.vanish()
		pass(time.Minute)
		synctest.Wait()
		if got := r.broker.Memory(); got != before {
			t.Errorf("%d bytes are counted at the end, and were at the beginning %d", got, before)
		}
		if got := r.broker.LargeFrames(); got != 0 {
			t.Errorf("%d long frames are counted at the end", got)
		}
	})
}

// sendHalf sends the beginning of a frame with 60,000 bytes.
func sendHalf(t *testing.T, p *peer, bytes int) {
	t.Helper()
	header := []byte{0x81, 0x80 | 126, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(header[2:], 60_000)
	if _, err := p.net.Write(append(header, make([]byte, bytes)...)); err != nil {
		t.Error(err)
	}
}

// Long messages share a part of the memory, and one address has at most half of it. A long message for
// which there is none is refused, and the connection goes on.
func TestLongMessagesNeedMemory(t *testing.T) {
	// An eighth of this is enough for four messages of the greatest length, as text and decoded.
	inBubble(t, broker.Config{MaxMemory: 4 << 20}, func(r *rig) {
		long := func(p *shopper, want string) {
			t.Helper()
			p.send(`{"type":"acquire","id":"%s--%d","locks":[{"name":"%s-%d"}]%s}`,
				strings.Repeat(p.name, 8), p.next, p.name, p.next, strings.Repeat(" ", 5000))
			p.next++
			pass(time.Second)
			if got := strings.Join(p.take(), ""); !strings.Contains(got, want) {
				t.Errorf("%s: got %s, want %s", p.name, got, want)
			}
		}
		d, a := r.shopper("d"), r.shopper("a")
		long(d, `"granted"`)
		hostile := []*shopper{r.shopper("e"), r.shopper("f"), r.shopper("g")} // of the address of d
		for _, p := range hostile {
			sendHalf(t, p.peer, 30_000)
		}
		synctest.Wait()
		if got := r.broker.LargeFrames(); got != 2 {
			t.Errorf("one address sends %d long messages, want 2", got)
		}
		long(d, `{"type":"error","id":"dddddddd--1","code":"too_many",`+
			`"message":"the broker has no memory for long messages now: try again later"}`)
		d.expect(1, "", 1, 0, "")
		long(a, `"granted"`)
		r.expectRefusals(map[string]int64{"memory": 1})
		for _, p := range hostile {
			p.vanish()
		}
		pass(time.Minute)
		d.send(`{"type":"ping","id":"dddddddd--99"}`)
		pass(time.Second)
		d.take()
		d.next = 100
		long(d, `"granted"`)
	})
}

// While the memory is used up, a quarter of MaxDue may be unsent.
func TestSlowClientsMakeRoom(t *testing.T) {
	inBubble(t, broker.Config{MaxMemory: 3 << 20, MaxDue: 4 << 20}, func(r *rig) {
		a := r.shopper("a")
		slow := r.dial("c")
		for range 40 {
			slow.send(`{"type":"ping","id":"%s"}`, strings.Repeat("x", 60_000))
		}
		synctest.Wait()
		if due := r.broker.Due(); due != 0 {
			t.Errorf("%d bytes are unsent, want none: the client must have been cut off", due)
		}
		a.expect(30, "", 30, 0, "")
		_ = slow.ws.Close()
	})
	inBubble(t, broker.Config{MaxMemory: 30 << 20, MaxDue: 4 << 20}, func(r *rig) {
		slow := r.dial("c")
		for range 40 {
			slow.send(`{"type":"ping","id":"%s"}`, strings.Repeat("x", 60_000))
		}
		synctest.Wait()
		if due := r.broker.Due(); due < 2<<20 {
			t.Errorf("%d bytes are unsent, want all: there is memory", due)
		}
		_ = slow.ws.Close()
	})
}
