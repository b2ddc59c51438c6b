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

// The decoder and package json agree on every frame.
func FuzzPlainRequest(f *testing.F) {
	addFrames(f, wiretest.Send)
	for _, m := range hotRequests {
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

// Frames that begin like plain ones, but are not plain, or wrong.
var almostPlain = []string{
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[]}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":""}]}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a"},{"name":"a"}]}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a","limit":3}]}`,
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a","mode":"shared","limit":0}]}`,
	// In 32 bits the limit would be 1.
	`{"type":"acquire","id":"k3v9x2mq--5","locks":[{"name":"a","mode":"shared","limit":4294967297}]}`,
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
	`{"type":"release","id":"k3v9x2mq5"}`,
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

// Append and package json write the same, whatever the fields of a message hold.
func FuzzPlainAppend(f *testing.F) {
	f.Add("k3v9x2mq", int64(5), "orders/42", "create_user", int64(-1), false)
	f.Add("k3v9x2mq", int64(5), "orders/\"42\"", "create_user", int64(1), false)
	f.Add("a\"b", int64(-1), "a\\b", "\x00", int64(0), true)
	f.Add("", int64(0), "", "ä", int64(7), true)
	f.Add("x\x7f", int64(0), "<&>", "\u2028", int64(7), true)
	f.Fuzz(func(t *testing.T, session string, n int64, name, author string, ms int64, flag bool) {
		id := wire.ID{Session: session, N: n}
		locks := []wire.LockSpec{{Name: name}, {Name: author}}
		acquire := &wire.Acquire{ID: id, Locks: locks, Author: author, Steal: flag}
		if flag {
			acquire.Locks[0].Mode, acquire.Parent = wire.Shared, wire.ID{Session: name, N: ms}
			acquire.Locks[1].Limit = wire.Some(int(n))
			acquire.WaitMS, acquire.HoldMS = wire.Some(ms), wire.Some(n)
		}
		for _, m := range []wire.Message{
			acquire, &wire.Acquire{ID: id}, &wire.Release{ID: id, Quiet: flag}, &wire.Cancel{ID: id},
			&wire.Ping{ID: id},
			&wire.Granted{ID: id, Token: ms}, &wire.Released{ID: id}, &wire.Cancelled{ID: id},
			&wire.Pong{ID: id}, &wire.Pong{ID: id, NotGranting: wire.Pause(name)},
			anyPage(id, name, author, ms, flag), anyChange(id, name, author, ms, flag),
			anyClients(id, name, author, ms, flag),
		} {
			want, wantErr := codec.AppendAny([]byte("before"), m)
			got, err := codec.Append([]byte("before"), m)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) || !bytes.Equal(got, want) {
				t.Errorf("%+v\ngot  %s, %v\nwant %s, %v", m, got, err, want, wantErr)
			}
		}
	})
}

// anyPage returns a listing with these values in all its fields.
func anyPage(id wire.ID, name, author string, n int64, flag bool) *wire.InfoPage {
	page := &wire.InfoPage{
		ID: id, Locks: []wire.LockInfo{}, Next: n, NotGranting: wire.Pause(author), Term: n, Owner: name,
	}
	if flag {
		info := anyChange(id, name, author, n, flag).Request
		page.Locks = []wire.LockInfo{
			{
				Name: name, Seq: n, Holding: int(n),
				Holders: []wire.RequestInfo{info, {ID: id, Locks: []string{}}},
				Waiters: []wire.RequestInfo{info},
			},
			{
				Name: author, Holders: []wire.RequestInfo{}, Waiters: []wire.RequestInfo{},
				HoldersNext: wire.Some(n), WaitersNext: wire.Some[int64](0),
			},
		}
	}
	return page
}

// anyClients returns a listing of clients with these values in all its fields.
func anyClients(id wire.ID, name, author string, n int64, flag bool) *wire.ClientsPage {
	page := &wire.ClientsPage{ID: id, Clients: []wire.ClientInfo{}, Next: n}
	if flag {
		info := anyChange(id, name, author, n, flag).Request
		page.Clients = []wire.ClientInfo{
			{
				Session: name, Peer: wire.Peer{Client: author, Remote: name, Identity: author},
				Alive:       name,
				ConnectedMS: n, Holding: int(n), Waiting: int(n), Watches: int(n),
				UnsentBytes: n, SilentMS: n,
				Requests: []wire.RequestInfo{info, {ID: id, Locks: []string{}}},
			},
			{Session: author, Requests: []wire.RequestInfo{}},
			{},
		}
	}
	return page
}

// anyChange returns a change with these values in all its fields.
func anyChange(id wire.ID, name, author string, n int64, flag bool) *wire.Change {
	m := &wire.Change{ID: id, Event: wire.Event(name), Lock: name}
	m.Request = wire.RequestInfo{ID: id, Locks: []string{name}}
	if flag {
		m.Reason, m.By, m.Message = wire.LostReason(author), author, name
		m.Request = wire.RequestInfo{
			ID: id, Author: author, Mode: wire.Shared, Limit: wire.Some(int(n)), Token: n,
			Locks: []string{name, author}, Parent: id, DurationMS: n, Gone: true,
			Peer: wire.Peer{Client: name, Remote: author, Identity: name},
		}
	}
	return m
}
