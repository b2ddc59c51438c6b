package wsclient_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A caller that gives up first cancels its request, and then asks who holds the lock. A name is not a pattern.
func TestAsksWhoHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stageClient(t)
		ctx, cancel := context.WithCancel(t.Context())
		waits := startAcquire(ctx, a.client, "a*", nil)
		a.expect(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"a*"}]}`)
		cancel()
		a.expect(`{"type":"cancel","id":"aaaaaaaa--0"}`)
		a.expect(`{"type":"info","id":"aaaaaaaa--1","match":"a\\*","max":1,"queue":8}`)
		a.say(`{"type":"info","id":"aaaaaaaa--1","locks":[{"name":"a*","seq":1,` +
			`"holders":[{"id":"bbbbbbbb--0","author":"billing","mode":"exclusive","token":7,` +
			`"locks":["a*"],"duration_ms":5000}],` +
			`"waiters":[],"holding":1,"waiting":0,"grants":1}]}`)
		<-waits.done
		want := `acquire "a*": context canceled; held by @billing (#bbbbbbbb--0) for 5s`
		if waits.err.Error() != want {
			t.Errorf("got  %v\nwant %s", waits.err, want)
		}
	})
}

// A caller that is granted its lock sends no question, nor does one that the broker refuses.
func TestAsksNobodyWithoutNeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stageClient(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		waits := startAcquire(ctx, a.client, "a", nil)
		refused := startAcquire(ctx, a.client, "b", nil)
		a.say(`{"type":"granted","id":"aaaaaaaa--0","token":1}`)
		a.say(`{"type":"error","id":"aaaaaaaa--1","code":"evicted","message":"no more"}`)
		<-waits.done
		<-refused.done
		go func() { _ = waits.lock.Release() }()
		a.expect(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"a"}]}`)
		a.expect(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"b"}]}`)
		a.expect(`{"type":"release","id":"aaaaaaaa--0"}`)
		a.say(`{"type":"released","id":"aaaaaaaa--0"}`)
		if more := a.sent(); len(more) > 0 {
			t.Errorf("sent %v", more)
		}
	})
}

// If the broker does not say who holds the lock, the call returns 200 ms after its context has ended, and leaves
// nothing behind.
func TestGivesUpAskingWhoHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stageClient(t)
		ctx, cancel := context.WithCancel(t.Context())
		several := &wsclient.AcquireOptions{Also: []wsclient.LockSpec{{Name: "b"}, {Name: "c"}}}
		waits := startAcquire(ctx, a.client, "a", several)
		begin := time.Now()
		cancel()
		<-waits.done
		if took := time.Since(begin); took != 200*time.Millisecond {
			t.Errorf("it took %v, want 200ms: %v", took, waits.err)
		}
		a.say(`{"type":"cancelled","id":"aaaaaaaa--0"}`)
		if n := wsclient.Open(a.client); n != 0 {
			t.Errorf("%d are still open", n)
		}
	})
}

// If very many callers give up together, they ask few questions: one for each lock, and eight in all.
func TestManyAskWhoHolds(t *testing.T) {
	for _, test := range []struct {
		title  string
		names  func(i int) string
		asking int
	}{
		{"one lock", func(int) string { return "a" }, 1},
		{"many locks", func(i int) string { return fmt.Sprint("a", i) }, 8},
	} {
		t.Run(test.title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := stageClient(t)
				ctx, cancel := context.WithCancel(t.Context())
				var all []*pendingAcquire
				for i := range 100 {
					all = append(all, startAcquire(ctx, a.client, test.names(i), nil))
				}
				begin := time.Now()
				cancel()
				for _, call := range all {
					<-call.done
				}
				if took := time.Since(begin); took > 200*time.Millisecond {
					t.Errorf("it took %v", took)
				}
				asked := 0
				for _, frame := range a.sent() {
					if strings.Contains(frame, `"info"`) {
						asked++
					}
				}
				if asked != test.asking {
					t.Errorf("%d questions, want %d", asked, test.asking)
				}
			})
		})
	}
}
