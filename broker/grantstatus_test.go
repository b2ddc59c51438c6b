package broker_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

const (
	ready      = "200 ok\n"
	inGrace    = "503 grace: clients of the last run may still hold their locks\n"
	withoutAny = "503 no_tokens: fencing tokens cannot be reserved on the disk of the broker\n"
	stopping   = "503 draining: the broker is stopping\n"
)

// expectReady checks the answer of /readyz.
func (r *rig) expectReady(want string) {
	r.t.Helper()
	response := r.get("/readyz", nil)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	status, _, _ := strings.Cut(response.Status, " ")
	if got := status + " " + string(body); got != want {
		r.t.Errorf("/readyz: got %q, want %q", got, want)
	}
}

// During the grace period, answers say that nothing is granted, and why. They do so exactly until
// the period ends.
func TestGraceIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := broker.New(broker.Config{Drain: broker.None})
		if err != nil {
			t.Fatal(err)
		}
		b.RigGrace(10 * time.Second)
		rigged(t, b, func(r *rig) {
			a := r.connect("a")
			a.expect(hello("aaaaaaaa", 10*time.Second))
			r.expectReady(inGrace)
			a.send(`{"type":"ping","id":"aaaaaaaa--0"}`)
			a.expect(`{"type":"pong","id":"aaaaaaaa--0","not_granting":"grace"}`)
			a.send(`{"type":"info","id":"aaaaaaaa--1"}`)
			a.expect(`{"type":"info","id":"aaaaaaaa--1","locks":[],"not_granting":"grace"}`)
			a.send(`{"type":"why","id":"aaaaaaaa--2","lock":"x"}`)
			a.expect(`{"type":"why","id":"aaaaaaaa--2","chain":[],"not_granting":"grace"}`)
			a.send(`{"type":"acquire","id":"aaaaaaaa--3","locks":[{"name":"x"}],"wait_ms":1000}`)
			pass(time.Second)
			a.expect(`{"type":"error","id":"aaaaaaaa--3","code":"timeout","message":"not granted within 1s: nothing is granted now","ahead":0}`)
			pass(9*time.Second - 1)
			r.expectReady(inGrace)
			pass(1)
			synctest.Wait()
			r.expectReady(ready)
			a.send(`{"type":"ping","id":"aaaaaaaa--4"}`)
			a.send(`{"type":"info","id":"aaaaaaaa--5"}`)
			a.send(`{"type":"why","id":"aaaaaaaa--6","lock":"x"}`)
			a.expect(
				`{"type":"pong","id":"aaaaaaaa--4"}`,
				`{"type":"info","id":"aaaaaaaa--5","locks":[]}`,
				`{"type":"why","id":"aaaaaaaa--6","chain":[]}`,
			)
			a.close()
		})
	})
}

// After the grace period, waiting requests are granted slice by slice. A request for a lock that is
// free and has no queue need not wait for them.
func TestGraceEndsInSlices(t *testing.T) {
	const requests = 10_000
	synctest.Test(t, func(t *testing.T) {
		b, err := broker.New(broker.Config{Drain: broker.None})
		if err != nil {
			t.Fatal(err)
		}
		b.RigGrace(10 * time.Second)
		rigged(t, b, func(r *rig) {
			began := time.Now()
			a, c := r.connect("a"), r.connect("c")
			for n := range requests {
				a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"%d"}]}`, n, n)
			}
			a.take()
			c.take()
			pass(time.Until(began.Add(10 * time.Second)))
			c.send(`{"type":"acquire","id":"cccccccc--0","locks":[{"name":"0"}],"wait_ms":0}`)
			c.send(`{"type":"acquire","id":"cccccccc--1","locks":[{"name":"x"}],"wait_ms":0}`)
			if frames := strings.Join(c.take(), "\n"); !strings.Contains(frames, `"code":"unavailable"`) ||
				!strings.Contains(frames, `"granted","id":"cccccccc--1"`) {
				t.Errorf("got %s, want an error for the lock with waiters, and a grant of the other", frames)
			}
			r.expectReady(ready)
			if n := len(a.take()); n == 0 || n == requests {
				t.Errorf("%d were granted at once, want one slice", n)
			}
			pass(time.Millisecond)
			a.take()
			a.send(`{"type":"info","id":"aaaaaaaa--%d","match":"%d"}`, requests, requests-1)
			if page := a.take(); len(page) != 1 || !strings.Contains(page[0], `"holding":1`) {
				t.Errorf("the last one waits: %s", page)
			}
			a.close()
			c.close()
		})
	})
}

// From the beginning of the drain, a broker is not ready, and its answers say so.
func TestDrainIsReported(t *testing.T) {
	inBubble(t, broker.Config{Drain: time.Hour}, func(r *rig) {
		a := r.connect("a")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.take()
		r.expectReady(ready)
		stopped := r.stopping()
		r.expectReady(stopping)
		a.take()
		a.send(`{"type":"why","id":"aaaaaaaa--1","lock":"y"}`)
		a.expect(`{"type":"why","id":"aaaaaaaa--1","chain":[],"not_granting":"draining"}`)
		a.close()
		<-stopped
	})
}

// A broker is ready neither before Run nor after it.
func TestNotServing(t *testing.T) {
	b, err := broker.New(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", http.NoBody))
	if w.Code != http.StatusServiceUnavailable || w.Body.String() != "not serving\n" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}
