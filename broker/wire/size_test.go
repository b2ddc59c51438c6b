package wire_test

import (
	"math"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// longestID is as long as an id can be.
var longestID = wire.ID{Session: "aaaaaaaa", N: wire.MaxInteger}

// Size is no less than what a listing takes, with all that it can have.
func TestSizeOfAListing(t *testing.T) {
	const most = wire.MaxInteger
	const many = int(min(most, math.MaxInt)) // what an int has room for on a machine of 32 bits
	page := &wire.InfoPage{ID: longestID, Next: most}
	request := wire.RequestInfo{
		ID: longestID, Mode: wire.Shared, Limit: wire.Some(wire.MaxLimit), Token: most, Locks: []string{"\x00"}, Author: "\x00",
		Parent: longestID, DurationMS: most, Peer: wire.Peer{Client: "\x00", Remote: "[1111:2222:3333:4444:5555:6666:7777:8888%eth0]:65535", Identity: "\x00"}, Gone: true,
	}
	for range 1000 { // so that nothing that one of them takes hides behind what else there is
		page.Locks = append(page.Locks, wire.LockInfo{
			Name: "\x00", Seq: most, Holding: many, Waiting: many, Grants: most,
			HoldersNext: wire.Some(most), WaitersNext: wire.Some(most),
		})
	}
	page.Locks[0].Holders = []wire.RequestInfo{request, request, request}
	page.Locks[0].Waiters = page.Locks[0].Holders
	if frame := mustAppend(t, page); len(frame) > wire.Size(page) {
		t.Errorf("it has %d bytes, and is said to have %d", len(frame), wire.Size(page))
	}
}

// Who sends a listing's question is told when it is too long.
func TestCheckFrameOfAnInfo(t *testing.T) {
	m := &wire.Info{
		ID: longestID, Match: wire.Some("\x00"), Empty: true, After: wire.MaxInteger, Max: wire.Some(wire.MaxPage), Queue: wire.Some(wire.MaxQueue),
		Seq: wire.MaxInteger, HoldersAfter: wire.Some(wire.MaxInteger), WaitersAfter: wire.Some(wire.MaxInteger),
	}
	limits := wire.DefaultLimits()
	for _, less := range []int{0, 1} {
		limits.MessageBytes = len(mustAppend(t, m)) - less
		if err := wire.CheckFrame(m, limits); (err != nil) != (less > 0) {
			t.Errorf("%d bytes too few: %v", less, err)
		}
	}
}
