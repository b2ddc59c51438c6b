package jsonsize_test

import (
	"math"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// longestID is an id of the greatest length.
var longestID = wire.ID{Session: "aaaaaaaa", N: wire.MaxInteger}

// The estimate of a listing is no less than its length, even if its fields hold the longest values.
func TestListing(t *testing.T) {
	const most = wire.MaxInteger
	const many = int(min(most, math.MaxInt)) // the greatest int on a 32-bit machine
	page := &wire.InfoPage{ID: longestID, Next: most}
	request := wire.RequestInfo{
		ID: longestID, Author: "\x00", Mode: wire.Shared, Limit: wire.Some(wire.MaxLimit), Token: most,
		Locks: []string{"\x00"}, Parent: longestID, DurationMS: most, Gone: true,
		Peer: wire.Peer{
			Client: "\x00", Identity: "\x00",
			Remote: "[1111:2222:3333:4444:5555:6666:7777:8888%eth0]:65535",
		},
	}
	for range 1000 { // enough locks to reveal an estimate that is too small for each
		page.Locks = append(page.Locks, wire.LockInfo{
			Name: "\x00", Seq: most, Holding: many, Waiting: many, Grants: most,
			HoldersNext: wire.Some(most), WaitersNext: wire.Some(most),
		})
	}
	page.Locks[0].Holders = []wire.RequestInfo{request, request, request}
	page.Locks[0].Waiters = page.Locks[0].Holders
	if frame, err := codec.Append(nil, page); err != nil || len(frame) > jsonsize.Reply(page) {
		t.Errorf("the frame has %d bytes (%v), and the estimate is %d", len(frame), err, jsonsize.Reply(page))
	}
}
