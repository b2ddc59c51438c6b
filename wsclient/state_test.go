package wsclient_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A client knows from the hello that its broker grants nothing, and why. It learns within a heartbeat that the broker
// grants again. Waiters are granted then. A call that does not wait fails, and the error says that no other holder is
// the reason.
func TestNotGranting(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{StateDir: dir, Drain: -1})
		holder := dialInspector(t, b) // so its session ends with the broker
		acquire(t.Context(), t, holder, "x", wsclient.AcquireOptions{})
		b.Stop() // with a lock that is held

		b = brokertest.Start(t, broker.Config{StateDir: dir, Drain: -1})
		defer b.Stop()
		var told states
		c := dial(t, b, wsclient.Options{OnState: told.tell})
		synctest.Wait()
		told.expect(t, "connected",
			"not granting: not_granting: nothing is granted now: "+
				"clients of the last run may still hold their locks")
		if err := c.NotGranting(); c.State() != wsclient.NotGranting ||
			!errors.Is(err, wsclient.ErrNotGranting) {
			t.Errorf("got %v, %v", c.State(), err)
		}
		_, err := c.TryAcquire(t.Context(), "x", nil)
		if !errors.Is(err, wsclient.ErrNotGranting) || errors.Is(err, wsclient.ErrUnavailable) {
			t.Errorf("TryAcquire: %v", err)
		}
		begin := time.Now()
		acquire(t.Context(), t, c, "x", wsclient.AcquireOptions{})
		if took := time.Since(begin); took != 15*time.Second {
			t.Errorf("it was granted after %v, want 15s", took)
		}
		synctest.Wait()
		told.expect(t, "connected")
		if err := c.NotGranting(); c.State() != wsclient.Connected || err != nil {
			t.Errorf("got %v, %v", c.State(), err)
		}
	})
}

// Some replies say whether the broker grants, and others do not.
func TestRepliesThatReportPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stageClient(t)
		expect := func(want wsclient.State, word string) {
			t.Helper()
			err := a.client.NotGranting()
			if got := a.client.State(); got != want || (err != nil) != (word != "") ||
				!strings.Contains(fmt.Sprint(err), word) {
				t.Errorf("got %v, %v; want %v, %s", got, err, want, word)
			}
		}
		expect(wsclient.Connected, "")
		a.say(`{"type":"pong","id":"aaaaaaaa--0","not_granting":"no_tokens"}`)
		expect(wsclient.NotGranting, "fencing tokens")
		a.say(`{"type":"released","id":"aaaaaaaa--0"}`)
		expect(wsclient.NotGranting, "fencing tokens")
		a.say(`{"type":"info","id":"aaaaaaaa--0","locks":[]}`)
		expect(wsclient.Connected, "")
		a.say(`{"type":"why","id":"aaaaaaaa--0","chain":[],"not_granting":"moon_phase"}`)
		expect(wsclient.NotGranting, "moon_phase")
		a.say(`{"type":"granted","id":"aaaaaaaa--0","token":1}`)
		expect(wsclient.Connected, "")
		a.say(`{"type":"draining","grace_ms":10000}`)
		a.say(`{"type":"pong","id":"aaaaaaaa--0","not_granting":"draining"}`)
		expect(wsclient.Draining, "the broker is stopping")
		a.close()
	})
}

// states has the states that OnState was called with, and why.
type states struct {
	mu  sync.Mutex
	all []string
}

func (s *states) tell(state wsclient.State, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := state.String()
	if why != nil {
		text += ": " + why.Error()
	}
	s.all = append(s.all, text)
}

// expect asserts which states were reported since its last call.
func (s *states) expect(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.all, want) {
		t.Errorf("OnState: %q, want %q", s.all, want)
	}
	s.all = nil
}
