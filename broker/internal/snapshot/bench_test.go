package snapshot_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/internal/snapshot"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// BenchmarkLarge writes and reads a snapshot of 200,000 holders. In a planned hand-over the standby must have read it
// two seconds after the owner has written it.
func BenchmarkLarge(b *testing.B) {
	const holders = 200_000
	s := core.Snapshot{Timeout: time.Second, Clean: true, Sessions: []core.SavedSession{{Name: "aaaaaaaa"}}}
	s.Requests = func(yield func(locktable.Saved) bool) {
		for n := range int64(holders) {
			token := 1_700_000_000_000_000 + n
			held := locktable.Saved{ID: id("aaaaaaaa", n), Token: token, Wait: locktable.Forever}
			held.Locks = []wire.LockSpec{{Name: fmt.Sprintf("orders/customer/%d", n)}}
			if !yield(held) {
				return
			}
		}
	}
	var writing, reading time.Duration
	for b.Loop() {
		begin := time.Now()
		var text bytes.Buffer
		if err := snapshot.Write(&text, s); err != nil {
			b.Fatal(err)
		}
		writing += time.Since(begin)
		begin = time.Now()
		if _, err := snapshot.Read(text.Bytes()); err != nil {
			b.Fatal(err)
		}
		reading += time.Since(begin)
	}
	b.ReportMetric(writing.Seconds()/float64(b.N), "s/write")
	b.ReportMetric(reading.Seconds()/float64(b.N), "s/read")
}
