package codec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// The id of a frame is found in its beginning, wherever that is cut off after the id.
func TestIDIn(t *testing.T) {
	id := wire.ID{Session: "aaaaaaaa", N: 7}
	for frame, want := range map[string]wire.ID{
		`{"type":"acquire","id":"aaaaaaaa--7","locks":[{"name":"x`:   id,
		`{ "locks": [{"id":"bbbbbbbb--1"}], "id" : "aaaaaaaa--7", "`: id,
		`{"type":"acquire","id":"aaaaaaaa--7`:                        {},
		`{"type":"acquire","locks":[{"id":"bbbbbbbb--1"}`:            {},
		`{"id":7,"id":"aaaaaaaa--7"}`:                                {},
		`{"id":"garbage","locks":[`:                                  wire.ParseID("garbage"),
		`["id","aaaaaaaa--7"`:                                        {},
		`null`:                                                       {},
		"":                                                           {},
	} {
		if got := IDIn([]byte(frame)); got != want {
			t.Errorf("%s: got %v, want %v", frame, got, want)
		}
	}
}

// What a decoder keeps of the names that it has seen is bounded, however many and however long they are.
func TestDecoderBytes(t *testing.T) {
	for _, length := range []int{10, 100, 490} {
		d := NewRequestDecoder("aaaaaaaa", wire.DefaultLimits())
		most := 0
		for n := range 3000 {
			frame := fmt.Sprintf(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"%s%d"}]}`,
				n, strings.Repeat("x", length), n)
			if _, err := d.Decode([]byte(frame)); err != nil {
				t.Fatal(err)
			}
			text := 0
			for _, name := range d.texts.slots {
				text += len(name)
			}
			if text != d.texts.text {
				t.Fatalf("%d bytes are kept, and %d are counted", text, d.texts.text)
			}
			most = max(most, d.Bytes())
		}
		if most > mostText+16*mostSlots || most < 1000 {
			t.Errorf("names of %d bytes: up to %d bytes are kept", length, most)
		}
	}
}
