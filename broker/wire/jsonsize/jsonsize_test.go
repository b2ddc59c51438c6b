package jsonsize_test

import (
	"math"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
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
	if frame, err := codec.Append(nil, page); err != nil || len(frame) > jsonsize.Reply(page) {
		t.Errorf("it has %d bytes (%v), and is said to have %d", len(frame), err, jsonsize.Reply(page))
	}
}
