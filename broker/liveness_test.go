package broker_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
)

// A client that does nothing but answer pings stays connected: here, for 24 hours.
func TestHeartbeat(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.connect("a")
		time.Sleep(24*time.Hour + time.Second) //nolint:forbidigo // virtual time
		a.expectOpen()
		a.mu.Lock()
		pings := a.pings
		a.mu.Unlock()
		if want := 24 * 60 * 60 / 5; pings != want {
			t.Errorf("got %d pings in 24 hours, want one every 5 s: %d", pings, want)
		}
		a.close()
	})
}

// A silent client is cut off exactly one session timeout after its last sign of life. Its lock goes
// to the next waiter.
func TestSilentClientIsCutOff(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.dial("a"), r.connect("b")
		drain(a)
		b.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		time.Sleep(time.Second) //nolint:forbidigo // virtual time
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)

		time.Sleep(14*time.Second - 1) //nolint:forbidigo // virtual time
		b.expect()
		time.Sleep(time.Nanosecond) //nolint:forbidigo // virtual time
		b.expect(`{"type":"granted","id":"bbbbbbbb--0","token":2}`)
		b.close()
		_ = a.ws.Close()
	})
}

// Every byte is a sign of life, even those of a WebSocket ping.
func TestPingsAreSignsOfLife(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.dial("a")
		drain(a)
		for range 10 {
			time.Sleep(14 * time.Second) //nolint:forbidigo // virtual time
			if err := a.ws.WriteControl(websocket.PingMessage, []byte("still here"),
				time.Time{}); err != nil {
				t.Fatalf("ping: %v", err)
			}
		}
		time.Sleep(20 * time.Second) //nolint:forbidigo // virtual time
		if err := a.ws.WriteControl(websocket.PingMessage, nil, time.Time{}); err == nil {
			t.Error("the connection is open although nothing was sent for 20 s")
		}
		_ = a.ws.Close()
	})
}

// Part of a frame is also a sign of life: a slow line may take longer than the session timeout for
// one frame.
func TestTricklingFrame(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.dial("a"), r.connect("b")
		drain(a)
		b.take()
		trickle(t, a, `{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		synctest.Wait() // the loop has handled it
		b.send(`{"type":"info","id":"bbbbbbbb--0","match":"x"}`)
		if frames := b.take(); len(frames) != 1 || !strings.Contains(frames[0], `"id":"aaaaaaaa--0"`) {
			t.Errorf("x is not held: %s", frames)
		}
		b.close()
		_ = a.ws.Close()
	})
}

// trickle sends a frame in pieces, and waits for almost one session timeout before each piece.
func trickle(t *testing.T, p *peer, text string) {
	t.Helper()
	frame := append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...) // masked with zeroes
	for chunk := range slices.Chunk(frame, 20) {
		pass(14 * time.Second)
		if _, err := p.net.Write(chunk); err != nil {
			t.Fatalf("cut off: %v", err)
		}
	}
}

// A pong has the payload of its ping.
func TestPingsAreAnswered(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.dial("a")
		pongs := make(chan string, 1)
		a.ws.SetPongHandler(func(data string) error {
			pongs <- data
			return nil
		})
		a.read()
		if err := a.ws.WriteControl(websocket.PingMessage, []byte("echo"), time.Time{}); err != nil {
			t.Fatal(err)
		}
		if got := <-pongs; got != "echo" {
			t.Errorf("got pong %q", got)
		}
		a.close()
	})
}

// drain reads and discards the bytes of a connection, so that the broker can write. Unlike a reader
// of frames, it answers no pings.
func drain(p *peer) {
	go func() {
		buffer := make([]byte, 4096)
		for {
			if _, err := p.net.Read(buffer); err != nil {
				return
			}
		}
	}()
}
