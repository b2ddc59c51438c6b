package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/wsclient"
)

// These functions return frames of a broker to the watch aaaaaaaa--0.

const (
	watching = `{"type":"watching","id":"aaaaaaaa--0"}`
	lagged   = `{"type":"lagged","id":"aaaaaaaa--0"}`
)

func changed(event, lock string, n int) string {
	return fmt.Sprintf(`{"type":"change","id":"aaaaaaaa--0","event":%q,"lock":%q,"request":%s}`, event, lock,
		request(event, n))
}

func request(event string, n int) string {
	token := ""
	switch event {
	case "granted", "released", "lost":
		token = fmt.Sprintf(`"token":%d,`, n)
	}
	return fmt.Sprintf(`{"id":"bbbbbbbb--%d","mode":"exclusive",%s"locks":[],"duration_ms":0}`, n, token)
}

// listed returns a lock on a page, with one holder and some waiters. The list may have fewer of them.
func listed(name string, seq, holder, waiting int, waiters ...int) string {
	var queue []string
	for _, n := range waiters {
		queue = append(queue, request("queued", n))
	}
	return fmt.Sprintf(`{"name":%q,"seq":%d,"holders":[%s],"waiters":[%s],"holding":1,"waiting":%d}`,
		name, seq, request("granted", holder), strings.Join(queue, ","), waiting)
}

func page(id, next int, locks ...string) string {
	return fmt.Sprintf(`{"type":"info","id":"aaaaaaaa--%d","locks":[%s],"next":%d}`, id, strings.Join(locks, ","),
		next)
}

func asksForPage(id, after int) string {
	return strings.Replace(fmt.Sprintf(`{"type":"info","id":"aaaaaaaa--%d","after":%d,"queue":10000}`, id, after),
		`"after":0,`, "", 1)
}

// startWatch starts a watch, and brings it to a view in which 1 holds lock a, and nothing else.
func startWatch(t *testing.T) (*actor, *viewer) {
	t.Helper()
	a := stageClient(t)
	v := watch(t, a.client, "")
	a.expect(`{"type":"watch","id":"aaaaaaaa--0"}`)
	a.say(watching)
	a.expect(asksForPage(1, 0))
	a.say(page(1, 0, listed("a", 7, 1, 0)))
	v.expect("(listed)\na: 1 |")
	return a, v
}

// A watch requests all pages of the listing, and applies the changes that arrive meanwhile. It shows nothing before
// it has all pages. Then it shows each change.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stageClient(t)
		v := watch(t, a.client, "orders/*")
		a.expect(`{"type":"watch","id":"aaaaaaaa--0","match":"orders/*"}`)
		a.say(watching)
		a.expect(`{"type":"info","id":"aaaaaaaa--1","match":"orders/*","queue":10000}`)
		a.say(changed("queued", "orders/2", 9)) // for a lock whose page has not arrived
		a.say(changed("released", "orders/3", 4))
		a.say(page(1, 7, listed("orders/1", 5, 1, 2, 2, 3)))
		v.expectNothing()
		a.expect(`{"type":"info","id":"aaaaaaaa--2","match":"orders/*","after":7,"queue":10000}`)
		a.say(changed("granted", "orders/4", 5)) // for a lock that no page will list
		a.say(changed("timeout", "orders/1", 2)) // for a lock whose page has arrived
		v.expectNothing()
		a.say(page(2, 0, listed("orders/2", 8, 8, 1, 9)))
		v.expect("(listed)\norders/1: 1 | 3\norders/2: 8 | 9\norders/4: 5 |")

		a.say(changed("released", "orders/2", 8))
		a.say(changed("granted", "orders/2", 9))
		v.expect("released orders/2\norders/1: 1 | 3\norders/2: | 9\norders/4: 5 |")
		v.expect("granted orders/2\norders/1: 1 | 3\norders/2: 9 |\norders/4: 5 |")
		v.expectNothing()
		v.stop(nil)
	})
}

// If the broker has left changes out, the view is made again.
func TestWatchLags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := startWatch(t)
		a.say(lagged)
		a.expect(asksForPage(2, 0))
		a.say(changed("queued", "a", 3))
		v.expectNothing()
		a.say(page(2, 0, listed("a", 7, 2, 1, 3)))
		v.expect("(listed)\na: 2 | 3")
		a.say(changed("timeout", "a", 3))
		v.expect("timeout a\na: 2 |")
		v.stop(nil)
	})
}

// A page that was requested before changes were left out is ignored.
func TestWatchLagsWhileItPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stageClient(t)
		v := watch(t, a.client, "")
		a.expect(`{"type":"watch","id":"aaaaaaaa--0"}`)
		a.say(watching)
		a.expect(asksForPage(1, 0))
		a.say(page(1, 7, listed("a", 7, 1, 0)))
		a.expect(asksForPage(2, 7))
		a.say(lagged)
		a.expect(asksForPage(3, 0))
		a.say(page(2, 0, listed("b", 8, 2, 0)))
		v.expectNothing()
		a.say(page(3, 0, listed("a", 7, 3, 0)))
		v.expect("(listed)\na: 3 |")
		v.stop(nil)
	})
}

// If the broker has listed only a part of a queue, and all of that part has ended, the view is made again. If the
// last lock of a page is cut short, the client requests that lock again: its lists may be short only because the page
// was full.
func TestWatchOfAQueueThatIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := startWatch(t)
		a.say(lagged)
		a.expect(asksForPage(2, 0))
		a.say(page(2, 0, listed("a", 7, 1, 0), listed("b", 9, 2, 3)))
		a.expect(asksForPage(3, 8))
		a.say(page(3, 0, listed("b", 9, 2, 3, 3, 4)))
		v.expect("(listed)\na: 1 |\nb: 2 | 3 4 (3)")
		a.say(changed("timeout", "b", 3))
		v.expect("timeout b\na: 1 |\nb: 2 | 4 (2)")
		a.say(changed("timeout", "b", 4))
		a.expect(asksForPage(4, 0))
		a.say(page(4, 0, listed("a", 7, 1, 0), listed("b", 9, 2, 1, 5)))
		v.expect("(listed)\na: 1 |\nb: 2 | 5")
		v.stop(nil)
	})
}

// Long changes may take 16 MiB, however few they are.
func TestSlowConsumerOfLongChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := startWatch(t)
		a.say(changed("queued", "a", 2)) // the consumer has this one, and waits for the test
		long := strings.Replace(changed("queued", "a", 3), `"mode"`,
			`"author":"`+strings.Repeat("x", 1<<20)+`","mode"`, 1)
		for range 17 {
			a.say(long)
		}
		v.expect("queued a\na: 1 | 2")
		a.expect(asksForPage(2, 0))
		v.stop(nil)
	})
}

// A slow consumer gets every change as long as no more than 10,000 wait for it. With more, the view is made again. It
// delays nothing else.
func TestSlowConsumer(t *testing.T) {
	for _, waiting := range []int{10_000, 10_001} {
		t.Run(fmt.Sprint(waiting), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, v := startWatch(t)
				synctest.Wait()
				a.say(changed("queued", "a", 2))
				synctest.Wait() // the consumer has this one, and waits for the test
				for n := range waiting {
					event := []string{"timeout", "queued"}[n%2]
					if err := a.ws.WriteMessage(websocket.TextMessage,
						[]byte(changed(event, "a", 2))); err != nil {
						t.Fatal(err)
					}
				}
				go func() { _, _ = a.client.TryAcquire(t.Context(), "b", nil) }()
				a.expect(`{"type":"acquire","id":"aaaaaaaa--2","locks":[{"name":"b"}],"wait_ms":0}`)
				a.say(`{"type":"granted","id":"aaaaaaaa--2","token":1}`)
				if open := wsclient.Open(a.client); open != 2 {
					t.Errorf("%d are open, want 2: the lock and the watch", open)
				}

				v.expect("queued a\na: 1 | 2")
				if waiting > 10_000 {
					a.expect(asksForPage(3, 0))
					a.say(page(3, 0, listed("a", 7, 1, 0)))
					v.expect("(listed)\na: 1 |")
				} else {
					for range waiting / 2 {
						v.expect("timeout a\na: 1 |")
						v.expect("queued a\na: 1 | 2")
					}
				}
				v.expectNothing()
				v.stop(nil)
			})
		})
	}
}

// However a watch ends, it leaves nothing behind. The client tells the broker, unless the broker knows. What the
// broker has sent before it knew has no effect.
func TestWatchEnds(t *testing.T) {
	unwatch := `{"type":"unwatch","id":"aaaaaaaa--0"}`
	boom := errors.New("boom")
	tests := []struct {
		name string
		end  func(a *actor, v *viewer)
		told bool
		err  error
	}{
		{"by the context", func(_ *actor, v *viewer) { v.stop(boom) }, true, boom},
		{"in the middle of the pages", func(a *actor, v *viewer) {
			a.say(lagged)
			a.expect(asksForPage(2, 0))
			v.stop(boom)
		}, true, boom},
		{"because a page is refused", func(a *actor, _ *viewer) {
			a.say(lagged)
			a.expect(asksForPage(2, 0))
			a.say(`{"type":"error","id":"aaaaaaaa--2","code":"forbidden","message":"not you"}`)
		}, true, wsclient.ErrForbidden},
		{"with the client", func(a *actor, _ *viewer) { go func() { _ = a.client.Close() }() }, false,
			wsclient.ErrClosed},
		{"with the connection", func(a *actor, _ *viewer) { _ = a.net.Close() }, false, wsclient.ErrConnection},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, v := startWatch(t)
				test.end(a, v)
				if err := <-v.ended; !errors.Is(err, test.err) {
					t.Errorf("got %v, want %v", err, test.err)
				}
				if test.told {
					a.expect(unwatch)
					a.say(changed("queued", "a", 3))
					a.say(lagged)
					a.say(page(2, 0))
					a.say(`{"type":"unwatched","id":"aaaaaaaa--0"}`)
					if a.client.Err() != nil {
						t.Error(a.client.Err())
					}
				}
				if sent := a.sent(); len(sent) > 0 {
					t.Errorf("the client sends %v", sent)
				}
				if open := wsclient.Open(a.client); test.told && open != 0 {
					t.Errorf("%d are still open", open)
				}
			})
		})
	}
}

// A loop that breaks or panics ends its watch.
func TestWatchLoopBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stageClient(t)
		for n, leave := range []func(){func() {}, func() { panic("boom") }} {
			left := make(chan any)
			go func() {
				defer func() { left <- recover() }()
				for _, err := range a.client.Watch(t.Context(), "") {
					if err != nil {
						t.Error(err)
					}
					leave()
					break
				}
			}()
			a.expect(fmt.Sprintf(`{"type":"watch","id":"aaaaaaaa--%d"}`, 2*n))
			a.say(fmt.Sprintf(`{"type":"watching","id":"aaaaaaaa--%d"}`, 2*n))
			a.expect(asksForPage(2*n+1, 0))
			a.say(page(2*n+1, 0))
			<-left
			a.expect(fmt.Sprintf(`{"type":"unwatch","id":"aaaaaaaa--%d"}`, 2*n))
			if open := wsclient.Open(a.client); open != 0 {
				t.Errorf("%d are still open", open)
			}
		}
	})
}

// If a context ends before the broker has answered, the client ends the watch, which the broker may just have begun.
func TestWatchEndsBeforeItBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stageClient(t)
		v := watch(t, a.client, "")
		a.expect(`{"type":"watch","id":"aaaaaaaa--0"}`)
		v.stop(nil)
		a.expect(`{"type":"unwatch","id":"aaaaaaaa--0"}`)
		a.say(watching)
		a.say(changed("queued", "a", 3))
		if err := <-v.ended; !errors.Is(err, context.Canceled) || a.client.Err() != nil {
			t.Errorf("got %v; client: %v", err, a.client.Err())
		}
	})
}

// A refused watch leaves nothing to end.
func TestWatchIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stageClient(t)
		v := watch(t, a.client, "")
		a.expect(`{"type":"watch","id":"aaaaaaaa--0"}`)
		a.say(`{"type":"error","id":"aaaaaaaa--0","code":"too_many","message":"too many watches"}`)
		if err := <-v.ended; !errors.Is(err, wsclient.ErrTooMany) {
			t.Errorf("got %v, want ErrTooMany", err)
		}
		if err := <-watch(t, a.client, "[").ended; !errors.Is(err, wsclient.ErrBadRequest) {
			t.Errorf("a bad glob: got %v, want ErrBadRequest", err)
		}
		if sent, open := a.sent(), wsclient.Open(a.client); len(sent) > 0 || open > 0 {
			t.Errorf("sent %v; %d are open", sent, open)
		}
	})
}
