package codec_test

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

func BenchmarkAppend(b *testing.B) {
	request := wire.RequestInfo{
		ID: self, Author: "create_user", Token: 1_700_000_000_000_000, Locks: []string{"orders/42"},
		Peer: wire.Peer{Client: "billing@host7:812", Remote: "127.0.0.1:51234"},
	}
	page := &wire.InfoPage{ID: self, Locks: make([]wire.LockInfo, 1000)}
	for i := range page.Locks {
		holders := []wire.RequestInfo{request}
		page.Locks[i] = wire.LockInfo{Name: "orders/42", Seq: int64(i), Holders: holders, Holding: 1}
	}
	for _, m := range []wire.Message{hotRequests[0], page} {
		b.Run(codec.Kind(m)+"/plain", func(b *testing.B) { benchmarkAppend(b, codec.Append, m) })
		b.Run(codec.Kind(m)+"/any", func(b *testing.B) { benchmarkAppend(b, codec.AppendAny, m) })
	}
}

func benchmarkAppend(b *testing.B, appendTo func([]byte, wire.Message) ([]byte, error), m wire.Message) {
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		buffer, _ = appendTo(buffer[:0], m)
	}
}

func BenchmarkDecode(b *testing.B) {
	d := newRequestDecoder()
	frame := mustAppend(b, hotRequests[0])
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
