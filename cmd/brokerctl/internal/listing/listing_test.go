package listing

import (
	"flag"
	"os"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

func request(n int64, author string, ms int64) wire.RequestInfo {
	return wire.RequestInfo{ID: wire.ID{Session: "k3v9x2mq", N: n}, Author: author, DurationMS: ms}
}

// TestListing compares the listing with its golden file, byte for byte.
func TestListing(t *testing.T) {
	gone := request(7, "crashed", 59_999)
	gone.Gone = true
	checkListing(t, "../../../../testdata/brokerctl/listing.golden", []wire.LockInfo{{
		Name:    "test-lock-1",
		Holders: []wire.RequestInfo{request(0, "create_user", 14379)}, Holding: 1,
		Waiters: []wire.RequestInfo{request(2, "update_something", 5375)}, Waiting: 1,
	}, {
		Name:    "test-lock-2",
		Holders: []wire.RequestInfo{request(1, "check_other_resource", 378)}, Holding: 1,
	}})
	checkListing(t, "../../../../testdata/brokerctl/listing-rare.golden", []wire.LockInfo{
		{Name: "free"},
		{
			Name:    "nobody says who",
			Holders: []wire.RequestInfo{request(3, "", 0)}, Holding: 1,
		}, {
			Name:    "more than were sent",
			Holders: []wire.RequestInfo{request(4, "a", 1), request(5, "b", 1)}, Holding: 1002,
			Waiters: []wire.RequestInfo{request(6, "c", 1)}, Waiting: 24,
		}, {
			Name:    "connection has ended",
			Holders: []wire.RequestInfo{gone}, Holding: 1,
		}, {
			Name:    "forged:\n* @root, #1, duration: 0:00:00.000000",
			Holders: []wire.RequestInfo{request(8, "\x1b[2J", 3_600_000)}, Holding: 1,
			Waiters: []wire.RequestInfo{request(9, "right\u202eto left", 365*24*3_600_000)}, Waiting: 1,
		}, {
			Name:    "Größe 大 \"quoted\"",
			Holders: []wire.RequestInfo{{ID: wire.ParseID("not\tan id"), Author: "invalid \xff"}},
			Holding: 1,
		},
	})
}

func checkListing(t *testing.T, golden string, locks []wire.LockInfo) {
	t.Helper()
	var text []byte
	for _, lock := range locks {
		text = AppendLines(text, Format{}.Lock(lock))
	}
	if *update {
		if err := os.WriteFile(golden, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", golden, text, want)
	}
}
