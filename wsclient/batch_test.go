package wsclient

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// openFrames reads frames as a strict server does.
func openFrames(t *testing.T, frames []byte) (payloads []string) {
	t.Helper()
	for len(frames) > 0 {
		if frames[0] != 0x80|websocket.TextMessage || frames[1]&0x80 == 0 {
			t.Fatalf("header % x, want a final, masked text frame", frames[:2])
		}
		n, header := int(frames[1]&0x7f), 2
		switch n {
		case 126:
			n, header = int(binary.BigEndian.Uint16(frames[2:])), 4
		case 127:
			n, header = int(binary.BigEndian.Uint64(frames[2:])), 10
		}
		if shortest := map[bool]int{n <= 125: 2, 125 < n && n <= 0xffff: 4,
			n > 0xffff: 10}[true]; header != shortest {
			t.Errorf("the length %d takes a header of %d bytes, want %d", n, header, shortest)
		}
		key, payload := frames[header:header+4], slices.Clone(frames[header+4:header+4+n])
		for i := range payload {
			payload[i] ^= key[i%4]
		}
		payloads = append(payloads, string(payload))
		frames = frames[header+4+n:]
	}
	return payloads
}

// Frames of all lengths conform to RFC 6455.
func TestFrames(t *testing.T) {
	var frames []byte
	var want []string
	for _, n := range []int{0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 100_000} {
		text := strings.Repeat("abc", n)[:n]
		start := len(frames)
		frames = sealFrame(append(openFrame(frames), text...), start, websocket.TextMessage)
		want = append(want, text)
	}
	if got := openFrames(t, frames); !slices.Equal(got, want) {
		t.Errorf("got %.300q", got)
	}
}

// Each frame has a different masking key.
func TestMaskingKeyChanges(t *testing.T) {
	frame := func() []byte { return sealFrame(append(openFrame(nil), "same"...), 0, websocket.TextMessage) }
	if first, second := frame(), frame(); bytes.Equal(first, second) && bytes.Equal(first, frame()) {
		t.Error("three frames have the same key")
	}
}

// A batch is cut between frames into pieces, which in their order make up the whole batch. No piece is longer than a
// write may be, except by one frame. There are enough ids reserved for pings, and each is between the ids around it.
func TestBatchPieces(t *testing.T) {
	for _, test := range []struct{ messages, length, pieces int }{
		{1, 1, 1}, {15, 20, 1}, {100, 20, 1}, {1000, 20, 6}, {100, 400, 4}, {40, 5000, 10}, {5, 30_000, 5},
	} {
		t.Run(fmt.Sprintf("%d of %d bytes", test.messages, test.length), func(t *testing.T) {
			c := testConn(t)
			var want []string
			for range test.messages {
				m := &wire.Acquire{ID: c.client.core.OpenID(),
					Locks: []wire.LockSpec{{Name: strings.Repeat("n", test.length)}}}
				text, err := codec.Append(nil, m)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, string(text))
				c.send(m)
			}
			var got []string
			pieces := 0
			for frames, behind := range c.out.pieces {
				pieces++
				payloads := openFrames(t, frames)
				got = append(got, payloads...)
				if len(frames) > maxWrite && len(payloads) > 1 &&
					len(frames)-len(payloads[0]) > maxWrite {
					t.Errorf("a piece of %d bytes, with %d frames", len(frames), len(payloads))
				}
				if behind == nil {
					continue
				}
				ping := behind.id
				if before := idOf(t, got[len(got)-1]); ping <= before {
					t.Errorf("a ping with id %d behind id %d", ping, before)
				}
				if next := want[len(got):]; len(next) > 0 && ping >= idOf(t, next[0]) {
					t.Errorf("a ping with id %d before id %d", ping, idOf(t, next[0]))
				}
			}
			if !slices.Equal(got, want) || pieces != test.pieces {
				t.Errorf("%d frames in %d pieces, want %d in %d", len(got), pieces, len(want),
					test.pieces)
			}
		})
	}
}

func idOf(t *testing.T, frame string) int64 {
	t.Helper()
	m, err := codec.DecodeRequest([]byte(frame),
		wire.Limits{MessageBytes: 1 << 20, NameBytes: 1 << 20, LocksPerRequest: 64})
	if err != nil {
		t.Fatal(err)
	}
	id, _ := wire.RequestID(m)
	return id.N
}

// A recycled batch keeps nothing of its former content.
func TestBatchIsRecycled(t *testing.T) {
	b := newBatch()
	if b.add(&wire.Evict{ID: wire.ID{Session: "s"}, Request: wire.ID{Session: "\xff", N: -1}}); b.err == nil {
		t.Error("text that is not UTF-8 was encoded")
	}
	b.add(&wire.Ping{ID: wire.ID{Session: "s"}})
	b.reservePing(1)
	b.recycle()
	if len(b.frames) > 0 || len(b.spares) > 0 || b.begun > 0 || b.err != nil {
		t.Errorf("left: %+v", b)
	}
}
