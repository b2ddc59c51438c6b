package top

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockbroker/lockbroker/broker/wire"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is the time at which tests start.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// after returns noon plus some seconds.
func after(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// golden compares text with a file of testdata, which must exist.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got:\n%s\nwant:\n%s", path, got, want)
	}
}

// held returns a reading of a lock that one request has held for some seconds, with some waiters.
func held(name string, seq int64, seconds float64, waiting int) reading {
	r := reading{name: name, seq: seq, grants: 1, holding: 1}
	r.first = wire.RequestInfo{ID: id(seq), Author: "billing", Peer: wire.Peer{Client: "billing@host7:812"}}
	r.heldFor = time.Duration(seconds * float64(time.Second))
	if r.waiting = waiting; waiting > 0 {
		r.waiter, r.waitsFor = id(1000+seq), r.heldFor/2
	}
	return r
}

// granted returns a reading of a free lock with the given number of grants.
func granted(name string, seq, grants int64) reading {
	return reading{name: name, seq: seq, grants: grants}
}

func id(n int64) wire.ID { return wire.ID{Session: "k3v9x2mq", N: n} }
