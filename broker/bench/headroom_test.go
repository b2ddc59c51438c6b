package bench

import (
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// BenchmarkHeadroom measures what the small headroom of brokerd costs another client: how long it waits for a lock that
// nobody else wants while others hold very many, with brokerd's headroom and with Go's default.
func BenchmarkHeadroom(b *testing.B) {
	b.Run("brokerd", func(b *testing.B) { besideHolders(b, chosen()) })
	b.Run("go-default", func(b *testing.B) {
		b.Setenv("GOGC", "100")
		besideHolders(b, chosen())
	})
}

func besideHolders(tb testing.TB, s scale) {
	f := startForCrowd(tb)
	f.acquire(f.connect(s.sessions), s.requests, "held-")
	f.wait(s.settle)
	client, err := wsclient.Dial(tb.Context(), "ws://"+f.address,
		&wsclient.Options{Author: author, NoReconnect: true})
	if err != nil {
		tb.Fatal(err)
	}
	defer client.Close()
	other := &caller{client: client, name: "tail/other"}
	d := disturbance{run: func() error { // a quarter of a second in which nobody else does anything
		<-time.After(time.Second / 4)
		return nil
	}}
	took := newHistogram()
	pinned(tb, tailThreads, func() {
		for start := time.Now(); took.TotalCount() < int64(s.samples) || time.Since(start) < s.settle; {
			if err := d.once(other, took); err != nil {
				tb.Fatal(err)
			}
		}
	})
	reportTail(tb, took, nil)
}
