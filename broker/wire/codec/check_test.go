package codec_test

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// CheckFrame refuses a frame that is one byte too long, and not the longest that fits.
func TestCheckFrameOfAnInfo(t *testing.T) {
	longestID := wire.ID{Session: "aaaaaaaa", N: wire.MaxInteger}
	m := &wire.Info{
		ID: longestID, Match: wire.Some("\x00"), Empty: true, After: wire.MaxInteger,
		Max: wire.Some(wire.MaxPage), Queue: wire.Some(wire.MaxQueue),
		Seq: wire.MaxInteger, HoldersAfter: wire.Some(wire.MaxInteger),
		WaitersAfter: wire.Some(wire.MaxInteger),
	}
	limits := wire.DefaultLimits()
	for _, less := range []int{0, 1} {
		limits.MessageBytes = len(mustAppend(t, m)) - less
		if err := codec.CheckFrame(m, limits); (err != nil) != (less > 0) {
			t.Errorf("%d bytes too few: %v", less, err)
		}
	}
}
