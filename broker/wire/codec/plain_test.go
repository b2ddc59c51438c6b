package codec_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// The messages of a busy broker, all in the way in which nothing is allocated.
var (
	self    = wire.ID{Session: "k3v9x2mq", N: 1041}
	hotAsks = []wire.Request{
		&wire.Acquire{ID: self, Locks: []wire.LockSpec{{Name: "orders/42"}}, Author: "create_user"},
		&wire.Acquire{ID: self, Locks: []wire.LockSpec{
			{Name: "a"}, {Name: "b", Mode: wire.Shared}, {Name: "c", Mode: wire.Shared, Limit: wire.Some(3)},
		}, WaitMS: wire.Some[int64](0), HoldMS: wire.Some[int64](30_000), Parent: wire.ID{Session: "k3v9x2mq", N: 7}},
		&wire.Acquire{ID: self, Locks: []wire.LockSpec{{Name: "a"}}, Steal: true},
		&wire.Release{ID: self},
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
	for _, m := range hotAsks {
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

// What a frame does to the messages before it, and the next does to it: nothing.
func TestDecodersKeepNothing(t *testing.T) {
	d := newRequestDecoder()
	frame := mustAppend(t, hotAsks[0])
	first, err := d.Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	clear(frame)
	if !reflect.DeepEqual(first, hotAsks[0]) {
		t.Errorf("the message lives in its frame: %+v", first)
	}
	full := hotAsks[1]
	second, err := d.Decode(mustAppend(t, full))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, hotAsks[0]) {
		t.Errorf("changed by the next: %+v", first)
	}
	codec.Recycle(second)
	for range 100 { // one of them is what was given back
		m, err := d.Decode(mustAppend(t, hotAsks[2]))
		if err != nil || !reflect.DeepEqual(m, hotAsks[2]) {
			t.Fatalf("got %+v, %v", m, err)
		}
	}
}

// Names compete for the places where they are remembered, and stay what they are.
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

// Both ways of decoding say the same of every frame.
func FuzzPlainRequest(f *testing.F) {
	addFrames(f, wiretest.Send)
	for _, m := range hotAsks {
		f.Add(mustAppend(f, m))
	}
	for _, frame := range almostPlain {
		f.Add([]byte(frame))
	}
	d := newRequestDecoder()
	f.Fuzz(func(t *testing.T, frame []byte) {
		want, wantErr := codec.DecodeRequest(frame, wire.DefaultLimits())
		got, err := d.Decode(slices.Clone(frame))
		if !reflect.DeepEqual(err, wantErr) {
			t.Fatalf("%s\ngot  %v\nwant %v", frame, err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", frame, got, want)
		}
		if err == nil {
			codec.Recycle(got)
		}
	})
}

func FuzzPlainReply(f *testing.F) {
	addFrames(f, wiretest.Receive)
	for _, m := range hotReplies {
		f.Add(mustAppend(f, m))
	}
	for _, frame := range almostPlain {
		f.Add([]byte(frame))
	}
	d := &codec.ReplyDecoder{Session: self.Session}
	f.Fuzz(func(t *testing.T, frame []byte) {
		want, wantErr := codec.DecodeReply(frame)
		got, err := d.Decode(frame)
		if !reflect.DeepEqual(err, wantErr) {
			t.Fatalf("%s\ngot  %v\nwant %v", frame, err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", frame, got, want)
		}
	})
}

// Frames that begin as plain ones do, and are something else.
var almostPlain = []string{
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[]}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":""}]}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"},{"name":"a"}]}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a","limit":3}]}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a","mode":"shared","limit":0}]}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a","mode":"shared","limit":4294967297}]}`, // in 32 bits 1
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a","mode":"exclusive"}]}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"\u0061"}]}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"ä€😀"}]}`,
	"{\"type\":\"acquire\",\"id\":\"k3v9x2mq--5\",\"locks\":[{\"name\":\"\xff\"}]}",
	"{\"type\":\"acquire\",\"id\":\"k3v9x2mq--5\",\"locks\":[{\"name\":\"a\x00\"}]}",
	"{\"type\":\"acquire\",\"id\":\"k3v9x2mq--5\",\"locks\":[{\"name\":\"a\x7f\"}]}",
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"}],"author":"","wait_ms":0}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"}],"wait_ms":-1}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"}],"wait_ms":01}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"}],"wait_ms":1e3}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"}],"wait_ms":9999999999999999999}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"}],"hold_ms":0}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"}],"parent":"","steal":true}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"}],"parent":"other--1"}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"}],"steal":true,"steal":true}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"}],"type":"ping"}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"}]} `,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"}]}{}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"`,
	`{"type":"release","id":"k3v9x2mq--05"}`,
	`{"type":"release","id":"k3v9x2mq--"}`,
	`{"type":"release","id":"k3v9x2mq-5"}`,
	`{"type":"release","id":"k3v9x2mq--5--5"}`,
	`{"type":"release","id":"k3v9x2mq--9007199254740991"}`,
	`{"type":"release","id":"k3v9x2mq--9007199254740992"}`,
	`{"type":"release","id":"k3v9x2mq--9999999999999999999"}`,
	`{"type":"release","id":""}`,
	`{"type":"cancel","id":"--"}`,
	`{"type":"granted","id":"k3v9x2mq--5","token":0}`,
	`{"type":"granted","id":"k3v9x2mq--5","token":9007199254740992}`,
	`{"type":"granted","id":"k3v9x2mq--5"}`,
	`{"type":"granted","id":"x","token":1}`,
	`{"type":"released","id":"k3v9x2mq--5","id":"k3v9x2mq--6"}`,
	`{"type":"released","id":""}`,
	`{"type":"pong","id":"k3v9x2mq--5"}]`,
}

// Both ways of encoding write the same, whatever stands in a message.
func FuzzPlainAppend(f *testing.F) {
	f.Add("k3v9x2mq", int64(5), "orders/42", "create_user", int64(-1), false)
	f.Add("a\"b", int64(-1), "a\\b", "\x00", int64(0), true)
	f.Add("", int64(0), "", "ä", int64(7), true)
	f.Add("x\x7f", int64(0), "<&>", "\u2028", int64(7), true)
	f.Fuzz(func(t *testing.T, session string, n int64, name, author string, ms int64, flag bool) {
		id := wire.ID{Session: session, N: n}
		acquire := &wire.Acquire{ID: id, Locks: []wire.LockSpec{{Name: name}, {Name: author}}, Author: author, Steal: flag}
		if flag {
			acquire.Locks[0].Mode, acquire.Parent = wire.Shared, wire.ID{Session: name, N: ms}
			acquire.Locks[1].Limit, acquire.WaitMS, acquire.HoldMS = wire.Some(int(n)), wire.Some(ms), wire.Some(n)
		}
		for _, m := range []wire.Message{
			acquire, &wire.Acquire{ID: id}, &wire.Release{ID: id}, &wire.Cancel{ID: id}, &wire.Ping{ID: id},
			&wire.Granted{ID: id, Token: ms}, &wire.Released{ID: id}, &wire.Cancelled{ID: id}, &wire.Pong{ID: id},
			&wire.Pong{ID: id, NotGranting: wire.Pause(name)},
			anyPage(id, name, author, ms, flag), anyChange(id, name, author, ms, flag),
		} {
			want, wantErr := codec.AppendAny([]byte("before"), m)
			got, err := codec.Append([]byte("before"), m)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) || !bytes.Equal(got, want) {
				t.Errorf("%+v\ngot  %s, %v\nwant %s, %v", m, got, err, want, wantErr)
			}
		}
	})
}

// anyPage is a listing in which these stand everywhere.
func anyPage(id wire.ID, name, author string, n int64, flag bool) *wire.InfoPage {
	page := &wire.InfoPage{ID: id, Locks: []wire.LockInfo{}, Next: n, NotGranting: wire.Pause(author)}
	if flag {
		info := anyChange(id, name, author, n, flag).Request
		page.Locks = []wire.LockInfo{
			{Name: name, Seq: n, Holders: []wire.RequestInfo{info, {ID: id, Locks: []string{}}}, Waiters: []wire.RequestInfo{info}, Holding: int(n)},
			{Name: author, Holders: []wire.RequestInfo{}, Waiters: []wire.RequestInfo{}, HoldersNext: wire.Some(n), WaitersNext: wire.Some[int64](0)},
		}
	}
	return page
}

// anyChange is a change in which these stand everywhere.
func anyChange(id wire.ID, name, author string, n int64, flag bool) *wire.Change {
	m := &wire.Change{ID: id, Event: wire.Event(name), Lock: name, Request: wire.RequestInfo{ID: id, Locks: []string{name}}}
	if flag {
		m.Reason, m.By, m.Message = wire.LostReason(author), author, name
		m.Request = wire.RequestInfo{
			ID: id, Author: author, Mode: wire.Shared, Limit: wire.Some(int(n)), Token: n, Locks: []string{name, author}, Parent: id, DurationMS: n,
			Peer: wire.Peer{Client: name, Remote: author, Identity: name}, Gone: true,
		}
	}
	return m
}

func TestHotMessagesAllocateNothing(t *testing.T) {
	requests, replies := newRequestDecoder(), &codec.ReplyDecoder{Session: self.Session}
	var buffer []byte
	for _, m := range []wire.Message{hotAsks[0], hotAsks[1], hotAsks[3]} {
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

func BenchmarkAppend(b *testing.B) {
	request := wire.RequestInfo{ID: self, Author: "create_user", Token: 1_700_000_000_000_000, Locks: []string{"orders/42"}, Peer: wire.Peer{Client: "billing@host7:812", Remote: "127.0.0.1:51234"}}
	page := &wire.InfoPage{ID: self, Locks: make([]wire.LockInfo, 1000)}
	for i := range page.Locks {
		page.Locks[i] = wire.LockInfo{Name: "orders/42", Seq: int64(i), Holders: []wire.RequestInfo{request}, Holding: 1}
	}
	for _, m := range []wire.Message{hotAsks[0], page} {
		for name, appendTo := range map[string]func([]byte, wire.Message) ([]byte, error){"plain": codec.Append, "any": codec.AppendAny} {
			b.Run(codec.Kind(m)+"/"+name, func(b *testing.B) {
				var buffer []byte
				b.ReportAllocs()
				for b.Loop() {
					buffer, _ = appendTo(buffer[:0], m)
				}
			})
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	d := newRequestDecoder()
	frame := mustAppend(b, hotAsks[0])
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m, _ := d.Decode(frame)
			codec.Recycle(m)
		}
	})
	b.Run("any", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = codec.DecodeRequest(frame, wire.DefaultLimits())
		}
	})
}
