package codec_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// The messages of a busy broker. All of them are plain.
var (
	self        = wire.ID{Session: "k3v9x2mq", N: 1041}
	hotRequests = []wire.Request{
		&wire.Acquire{ID: self, Locks: []wire.LockSpec{{Name: "orders/42"}}, Author: "create_user"},
		&wire.Acquire{ID: self, Locks: []wire.LockSpec{
			{Name: "a"},
			{Name: "b", Mode: wire.Shared},
			{Name: "c", Mode: wire.Shared, Limit: wire.Some(3)},
		}, WaitMS: wire.Some[int64](0), HoldMS: wire.Some[int64](30_000),
			Parent: wire.ID{Session: "k3v9x2mq", N: 7}},
		&wire.Acquire{ID: self, Locks: []wire.LockSpec{{Name: "a"}}, Steal: true},
		&wire.Release{ID: self},
		&wire.Release{ID: self, Quiet: true},
		&wire.Cancel{ID: self},
	}
	hotReplies = []wire.Reply{
		&wire.Granted{ID: self, Token: 9},
		&wire.Granted{ID: self, Token: wire.MaxInteger},
		&wire.Released{ID: self},
		&wire.Cancelled{ID: self},
		&wire.Pong{ID: self},
	}
)

func newRequestDecoder() *codec.RequestDecoder {
	return codec.NewRequestDecoder(self.Session, wire.DefaultLimits())
}

func TestHotMessagesArePlain(t *testing.T) {
	requests, replies := newRequestDecoder(), &codec.ReplyDecoder{Session: self.Session}
	for _, m := range hotRequests {
		if got := requests.Plain(mustAppend(t, m)); !reflect.DeepEqual(got, m) {
			t.Errorf("%s: got %+v, want %+v", mustAppend(t, m), got, m)
		}
	}
	for _, m := range hotReplies {
		if got := replies.Plain(mustAppend(t, m)); !reflect.DeepEqual(got, m) {
			t.Errorf("%s: got %+v, want %+v", mustAppend(t, m), got, m)
		}
	}
}

// A frame changes no message that was decoded before it.
func TestDecodersKeepNothing(t *testing.T) {
	d := newRequestDecoder()
	frame := mustAppend(t, hotRequests[0])
	first, err := d.Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	clear(frame)
	if !reflect.DeepEqual(first, hotRequests[0]) {
		t.Errorf("the message changed with its frame: %+v", first)
	}
	full := hotRequests[1]
	second, err := d.Decode(mustAppend(t, full))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, hotRequests[0]) {
		t.Errorf("the message changed with the next one: %+v", first)
	}
	codec.Recycle(second)
	for range 100 { // one of them reuses the message that was recycled
		m, err := d.Decode(mustAppend(t, hotRequests[2]))
		if err != nil || !reflect.DeepEqual(m, hotRequests[2]) {
			t.Fatalf("got %+v, %v", m, err)
		}
	}
}

// Names compete for slots in the interner. All are decoded correctly.
func TestManyNames(t *testing.T) {
	d := newRequestDecoder()
	for n := range 2000 {
		want := &wire.Acquire{ID: self, Locks: []wire.LockSpec{{Name: fmt.Sprint(n)}}}
		got, err := d.Decode(mustAppend(t, want))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
}

func TestHotMessagesAllocateNothing(t *testing.T) {
	requests, replies := newRequestDecoder(), &codec.ReplyDecoder{Session: self.Session}
	var buffer []byte
	for _, m := range []wire.Message{hotRequests[0], hotRequests[1], hotRequests[3]} {
		frame := mustAppend(t, m)
		n := testing.AllocsPerRun(1000, func() {
			m, err := requests.Decode(frame)
			if err != nil {
				t.Fatal(err)
			}
			buffer, _ = codec.Append(buffer[:0], m)
			codec.Recycle(m)
		})
		if allowed := poolLosses; n > allowed {
			t.Errorf("%s: %v allocations", frame, n)
		}
	}
	for _, m := range hotReplies {
		frame := mustAppend(t, m)
		n := testing.AllocsPerRun(1000, func() {
			m, err := replies.Decode(frame)
			if err != nil {
				t.Fatal(err)
			}
			buffer, _ = codec.Append(buffer[:0], m)
		})
		if n > 0 {
			t.Errorf("%s: %v allocations", frame, n)
		}
	}
}
