package broker_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// A standby refuses clients, and names the owner.
func TestStandby(t *testing.T) {
	inCluster(t, 2, func(c *clusterRig) {
		const owner = "the owner is ws://b0.test:27002 (term 1)\n"
		for _, test := range []struct {
			rig    *rig
			path   string
			status int
			body   string
		}{
			{c.rigs[1], "/readyz", 503, "on standby: " + owner},
			{c.rigs[1], "/leader", 503, "on standby: " + owner},
			{c.rigs[0], "/leader", 200, owner},
			{c.rigs[0], "/readyz", 200, "ok\n"},
		} {
			response := test.rig.get(test.path, nil)
			body, _ := io.ReadAll(response.Body)
			if response.StatusCode != test.status || string(body) != test.body {
				t.Errorf("%s: %s %s", test.path, response.Status, body)
			}
		}
	})
}

// A standby says that it is one, so that a service manager knows that it is well.
func TestStatusOfStandby(t *testing.T) {
	inCluster(t, 2, func(c *clusterRig) {
		got, err := c.rigs[1].broker.Status(c.t.Context())
		if want := (broker.Status{Standby: true}); err != nil || got != want {
			t.Errorf("on standby: %+v, %v", got, err)
		}
		c.rigs[0].server.Stop()
		if _, err := c.rigs[0].broker.Status(c.t.Context()); !errors.Is(err, broker.ErrNotRunning) {
			t.Errorf("after Run: %v", err)
		}
		c.owner()
		pass(time.Second)
		got, err = c.rigs[1].broker.Status(c.t.Context())
		if want := (broker.Status{HasTokens: true}); err != nil || got != want {
			t.Errorf("as the owner: %+v, %v", got, err)
		}
	})
	inCluster(t, 2, func(c *clusterRig) {
		c.rigs[1].server.Stop()
		if _, err := c.rigs[1].broker.Status(c.t.Context()); !errors.Is(err, broker.ErrNotRunning) {
			t.Errorf("after the end of a standby: %v", err)
		}
	})
}

// The metrics tell a standby from a broker whose loop is stuck.
func TestMetricsOfStandby(t *testing.T) {
	inCluster(t, 2, func(c *clusterRig) {
		before := time.Now()
		got := metricsOf(c.t, c.rigs[1].broker)
		_, says := got["loop_responding"]
		if says || got[`pause{reason="standby"}`] != 1 || got["owner_term"] != 0 {
			t.Errorf("on standby: %v", got)
		}
		if took := time.Since(before); took != 0 {
			t.Errorf("a scrape of a standby took %v: it waited for the loop", took)
		}
		got = metricsOf(c.t, c.rigs[0].broker)
		if got["loop_responding"] != 1 || got[`pause{reason="standby"}`] != 0 || got["owner_term"] != 1 {
			t.Errorf("on the owner: %v", got)
		}
		c.links[0].setCut(true)
		pass(takeover - time.Millisecond)
		if got := metricsOf(c.t, c.rigs[0].broker)["owner_term"]; got != 0 {
			t.Errorf("the owner that is cut off has the term %v", got)
		}
		c.links[0].setCut(false)
	})
}

// The owner says in each hello and each page of locks that it is the owner. The log of a standby names each owner.
func TestOwnerIsShown(t *testing.T) {
	inCluster(t, 3, func(c *clusterRig) {
		c.rigs[0].server.Stop()
		next := c.owner()
		which := map[*rig]string{c.rigs[1]: "ws://b1.test:27002", c.rigs[2]: "ws://b2.test:27002"}[next]
		pass(time.Second)
		a := next.connect("a")
		a.send(`{"type":"info","id":"aaaaaaaa--0"}`)
		frames := a.take()
		if len(frames) != 2 {
			t.Fatalf("got %q, want a hello and a page", frames)
		}
		for _, frame := range frames {
			if want := `,"term":2,"owner":"` + which + `"}`; !strings.HasSuffix(frame, want) {
				t.Errorf("got %s, want %s at its end", frame, want)
			}
		}
		next.left(a)
		for owner, term := range map[string]string{"ws://b0.test:27002": "1", which: "2"} {
			said := c.log.lines("this broker is on standby", `"owner":"`+owner+`","term":`+term)
			if want := map[string]int{"1": 2, "2": 1}[term]; len(said) != want {
				t.Errorf("%d lines say that %s is the owner, want %d", len(said), owner, want)
			}
		}
	})
}
