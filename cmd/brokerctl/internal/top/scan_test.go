package top

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// dial connects a client, which is closed at the end of the test.
func dial(t *testing.T, b *brokertest.Server, options wsclient.Options) *wsclient.Client {
	t.Helper()
	if options.NetDial == nil {
		options.NetDial = b.Dial
	}
	client, err := wsclient.Dial(t.Context(), b.URL(), &options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// acquire holds locks until the end of the test.
func acquire(t *testing.T, client *wsclient.Client, author string, names ...string) *wsclient.Lock {
	t.Helper()
	options := &wsclient.AcquireOptions{Author: author}
	for _, name := range names[1:] {
		options.Also = append(options.Also, wsclient.LockSpec{Name: name})
	}
	lock, err := client.Acquire(t.Context(), names[0], options)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

// holdVeryMany holds very many locks, several per request.
func holdVeryMany(t *testing.T, client *wsclient.Client) {
	var names []string
	for i := range veryMany {
		if names = append(names, fmt.Sprintf("orders/%06d", i)); len(names) == 10 {
			acquire(t, client, "billing", names...)
			names = names[:0]
		}
	}
}

// A witness is a source that records the queries.
type witness struct {
	Source
	mu    sync.Mutex
	asked []wsclient.InfoOptions
}

func (w *witness) Info(ctx context.Context, options *wsclient.InfoOptions) iter.Seq2[wire.LockInfo, error] {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, *options)
	return w.Source.Info(ctx, options)
}

// TestScanVeryMany checks the queries for 100,000 locks: none asks for more than a page, nor for more than the
// first holder and waiter of each lock. The first page comes at once, and the sweep takes as long as its
// pauses.
func TestScanVeryMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		client := dial(t, b, wsclient.Options{})
		holdVeryMany(t, client)

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		source := &witness{Source: client}
		events := make(chan any)
		s := &scanner{source: source, interval: 2 * time.Second, events: events}
		go func() { _ = s.run(ctx) }()

		begun, table, pages := time.Now(), newTable(), 0
		for !table.whole {
			switch event := (<-events).(type) {
			case page:
				if len(event.readings) > pageLocks {
					t.Fatalf("a page of %d locks", len(event.readings))
				}
				table.read(event)
				if pages++; pages == 1 && time.Since(begun) > 0 {
					t.Errorf("the first page came after %v", time.Since(begun))
				}
			case swept:
				if event.err != nil {
					t.Fatal(event.err)
				}
				table.end(event)
			}
		}
		if len(table.locks) != veryMany || pages != veryMany/pageLocks {
			t.Errorf("%d locks in %d pages", len(table.locks), pages)
		}
		if took, want := time.Since(begun), time.Duration(pages)*pagePause; took != want {
			t.Errorf("took %v, want %v", took, want)
		}
		cancel()
		synctest.Wait()
		source.mu.Lock()
		defer source.mu.Unlock()
		for _, o := range source.asked {
			if o.Page != pageLocks || o.Queue != 1 || !o.Empty {
				t.Errorf("asked for %+v", o)
			}
		}
	})
}

// TestScanInterval checks that few locks are read once per interval.
func TestScanInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		client := dial(t, b, wsclient.Options{})
		acquire(t, client, "billing", "a")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		events := make(chan any)
		s := &scanner{source: client, match: "a*", interval: 2 * time.Second, events: events}
		go func() { _ = s.run(ctx) }()
		begun := time.Now()
		for i := range 5 {
			if p, ok := (<-events).(page); !ok || len(p.readings) != 1 || p.session != client.Session() {
				t.Fatalf("got %+v", p)
			}
			if s, ok := (<-events).(swept); !ok || s.err != nil ||
				time.Since(begun) != time.Duration(i)*2*time.Second {
				t.Fatalf("sweep %d: %+v after %v", i, s, time.Since(begun))
			}
		}
	})
}

// TestScanEnds checks that the scanner ends with its source.
func TestScanEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		client := dial(t, b, wsclient.Options{})
		events := make(chan any)
		s := &scanner{source: client, interval: time.Second, events: events}
		ended := make(chan error)
		go func() { ended <- s.run(t.Context()) }()
		<-events
		client.Close()
		if err := <-ended; err == nil {
			t.Error("no error")
		}
	})
}

func TestRest(t *testing.T) {
	for _, test := range []struct{ interval, took, paused, want time.Duration }{
		{2000, 100, 0, 1900},
		{2000, 6000, 5000, 25}, // The pauses were longer than the queries.
		{2000, 3000, 0, 3000},  // There were only queries.
		{2000, 3000, 1000, 1000},
		{100, 200, 100, 25},
	} {
		const ms = time.Millisecond
		if got := rest(test.interval*ms, test.took*ms, test.paused*ms); got != test.want*ms {
			t.Errorf("%+v: %v", test, got)
		}
	}
}
