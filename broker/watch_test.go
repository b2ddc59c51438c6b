package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// When about 1 MiB of changes is unsent to a watcher that does not read, it is told once that it
// lags, and gets no more changes. It is not cut off. Once it has read on, it is told about new
// changes.
func TestWatcherLags(t *testing.T) {
	const author = 200 // in bytes, so that a change has about 500
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.connect("a"), r.dial("b") // b does not read
		a.take()
		b.send(`{"type":"watch","id":"bbbbbbbb--0","match":"x"}`)
		b.send(`{"type":"watch","id":"bbbbbbbb--1","match":"y"}`)
		synctest.Wait()
		n := a.churn(0, 5000, author)

		b.read()
		frames := b.take()[1:] // after the hello
		if want := `{"type":"watching","id":"bbbbbbbb--0"}`; frames[0] != want {
			t.Errorf("got %s, want %s", frames[0], want)
		}
		changes := 0
		for _, frame := range frames[2 : len(frames)-1] {
			if !strings.HasPrefix(frame, `{"type":"change","id":"bbbbbbbb--0"`) {
				t.Fatalf("got %.80s among the changes", frame)
			}
			changes += len(frame)
		}
		if changes < broker.ChangesBytes/2 || changes > 2*broker.ChangesBytes {
			t.Errorf("got %d bytes of changes before it lagged, want about %d", changes,
				broker.ChangesBytes)
		}
		if got, want := frames[len(frames)-1], `{"type":"lagged","id":"bbbbbbbb--0"}`; got != want {
			t.Errorf("the last frame is %.80s, want %s", got, want)
		}

		a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"x"},{"name":"y"}]}`, n)
		a.take()
		change := `{"type":"change","id":"bbbbbbbb--%d","event":"granted","lock":"%s","request":{"id":"aaaaaaaa--%d",` +
			`"mode":"exclusive","token":%d,"locks":["x","y"],"duration_ms":0,"client":"a","remote":"192.0.2.1:1000"}}`
		b.expect(fmt.Sprintf(change, 0, "x", n, n+1), fmt.Sprintf(change, 1, "y", n, n+1))
		a.close()
		b.close()
	})
}

// If a watch lags and is ended, a new watch on the same connection does not lag.
func TestUnwatchWhileLagging(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.connect("a"), r.dial("b")
		a.take()
		b.send(`{"type":"watch","id":"bbbbbbbb--0","match":"x"}`)
		synctest.Wait()
		a.churn(0, 5000, 200)
		b.send(`{"type":"unwatch","id":"bbbbbbbb--0"}`)
		b.send(`{"type":"watch","id":"bbbbbbbb--1","match":"x"}`)
		synctest.Wait()
		b.read()
		frames := b.take()
		got := frames[len(frames)-3:]
		for i, want := range []string{
			`{"type":"lagged","id":"bbbbbbbb--0"}`,
			`{"type":"unwatched","id":"bbbbbbbb--0"}`,
			`{"type":"watching","id":"bbbbbbbb--1"}`,
		} {
			if got[i] != want {
				t.Errorf("got %s, want %s", got[i], want)
			}
		}
		a.close()
		b.close()
	})
}

// When a session ends, its watches end too: nobody is told anything, and no names are compared.
func TestWatchesEndWithTheirSession(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.connect("a"), r.connect("b")
		for n := range 10 {
			b.send(`{"type":"watch","id":"bbbbbbbb--%d"}`, n)
		}
		b.take()
		if got := r.broker.Watches(); got != 10 {
			t.Errorf("got %d watches, want 10", got)
		}
		b.vanish()
		a.take()
		if got := r.broker.Watches(); got != 0 {
			t.Errorf("got %d watches, want none", got)
		}
		a.close()
	})
}

// Comparing names with costly globs has a budget, because everybody waits meanwhile. When the
// budget is used up, the watch lags, and nobody else notices. The budget grows again.
func TestCostlyGlobLags(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b, c := r.connect("a"), r.connect("b"), r.connect("c")
		glob := "*" + strings.Repeat("a", 235) + "{b,c,d,e,f,g,h,*}"
		b.send(`{"type":"watch","id":"bbbbbbbb--0","match":"%s"}`, glob)
		b.expect(hello("bbbbbbbb", 0), `{"type":"watching","id":"bbbbbbbb--0"}`)
		c.send(`{"type":"watch","id":"cccccccc--0","match":"*a"}`)
		a.take()
		c.take()
		name := strings.Repeat("a", 512)
		cost := 100 + len(glob)*8*len(name)
		told := broker.MatchBurst / cost

		for n := range told + 3 {
			a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"%s"}]}`, n, name)
			a.send(`{"type":"release","id":"aaaaaaaa--%d"}`, n)
		}
		pass(time.Millisecond) // the loop rests after each comparison that takes this long
		a.take()
		lagged := `{"type":"lagged","id":"bbbbbbbb--0"}`
		frames := b.take()
		if len(frames) != told+1 || frames[told] != lagged {
			t.Errorf("b: got %.60q, want %d changes and then, once, that it lags", frames, told)
		}
		if got, want := len(c.take()), 2*(told+3); got != want {
			t.Errorf("c: got %d changes, want %d", got, want)
		}

		pass(time.Second)
		b.expect(lagged) // because of changes since it was told that it lags
		a.send(`{"type":"acquire","id":"aaaaaaaa--99","locks":[{"name":"%s"}]}`, name)
		pass(time.Millisecond)
		if frames := b.take(); len(frames) != 1 || !strings.Contains(frames[0], `"event":"granted"`) {
			t.Errorf("b: got %.80q, want changes again", frames)
		}
		for _, p := range []*peer{a, b, c} {
			p.close()
		}
	})
}

// churn acquires and releases x several times. The numbers of its requests start at first. It
// returns the next number.
func (p *peer) churn(first, times, author int) (next int) {
	p.t.Helper()
	for n := first; n < first+times; n++ {
		p.send(`{"type":"acquire","id":"%s--%d","locks":[{"name":"x"}],"author":"%0*d"}`,
			strings.Repeat(p.name, 8), n, author, n)
		p.send(`{"type":"release","id":"%s--%d"}`, strings.Repeat(p.name, 8), n)
	}
	if got := len(p.take()); got != 2*times {
		p.t.Fatalf("%s: got %d replies, want %d", p.name, got, 2*times)
	}
	return first + times
}
