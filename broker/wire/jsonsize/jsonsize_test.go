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

// The estimates of listings are no less than their lengths, even if their fields hold the longest values.
func TestListing(t *testing.T) {
	const most = wire.MaxInteger
	const many = int(min(most, math.MaxInt)) // the greatest int on a 32-bit machine
	page := &wire.InfoPage{ID: longestID, Next: most, NotGranting: wire.PauseDraining, Term: most, Owner: "\x00"}
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
	checkEstimate(t, page)
	clients := &wire.ClientsPage{ID: longestID, Next: most}
	for range 1000 {
		clients.Clients = append(clients.Clients, wire.ClientInfo{
			Session: longestID.Session, Peer: request.Peer, Alive: wire.AliveMessage, ConnectedMS: most,
			Holding: many, Waiting: many, Watches: many, UnsentBytes: most, SilentMS: most,
			Requests: []wire.RequestInfo{request},
		})
	}
	checkEstimate(t, clients)
}

// checkEstimate checks that m takes no more bytes than the estimate says.
func checkEstimate(t *testing.T, m wire.Reply) {
	t.Helper()
	if frame, err := codec.Append(nil, m); err != nil || len(frame) > jsonsize.Reply(m) {
		const format = "%s: the frame has %d bytes (%v), and the estimate is %d"
		t.Errorf(format, codec.Kind(m), len(frame), err, jsonsize.Reply(m))
	}
}
