package codec_test

import (
	"reflect"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

func addFrames(f *testing.F, kind wiretest.Kind) {
	f.Helper()
	for _, c := range conversations(f) {
		for _, step := range c.Steps {
			if step.Kind == kind {
				f.Add(step.Frame)
			}
		}
	}
	for _, e := range protocolFrames(f) {
		if e.fromClient == (kind == wiretest.Send) {
			f.Add([]byte(e.frame))
		}
	}
}

// A message that was decoded can be encoded, and decodes again to an equal message. Any other frame
// is refused with an error that can be sent to the client.
func FuzzDecodeRequest(f *testing.F) {
	addFrames(f, wiretest.Send)
	f.Fuzz(func(t *testing.T, frame []byte) {
		first, err := codec.DecodeRequest(frame, wire.DefaultLimits())
		if err != nil {
			reply := refusal(t, err)
			if text := mustAppend(t, reply); len(text) > len(frame)+512 {
				t.Errorf("a refusal of %d bytes for a frame of %d", len(text), len(frame))
			}
			return
		}
		text := mustAppend(t, first)
		second, err := codec.DecodeRequest(text, wire.DefaultLimits())
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !reflect.DeepEqual(first, second) {
			t.Errorf("got %+v, encoded as %s, then %+v", first, text, second)
		}
	})
}

// The same law for replies, with one exception. An absent list, and an absent id in a description,
// are encoded as empty. So the law holds from the second message on.
func FuzzDecodeReply(f *testing.F) {
	addFrames(f, wiretest.Receive)
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, err := codec.DecodeReply(frame)
		if err != nil {
			_ = refusal(t, err) // fails if err is of another kind
			return
		}
		text := mustAppend(t, m)
		second, err := codec.DecodeReply(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		again := mustAppend(t, second)
		if string(text) != string(again) {
			t.Errorf("encoded as\n%s, then as\n%s", text, again)
		}
		third, err := codec.DecodeReply(again)
		if err != nil || !reflect.DeepEqual(second, third) {
			t.Errorf("got %+v, then %+v (%v)", second, third, err)
		}
	})
}

func mustAppend(t testing.TB, m wire.Message) []byte {
	t.Helper()
	text, err := codec.Append(nil, m)
	if err != nil {
		t.Fatalf("%+v: %v", m, err)
	}
	return text
}
