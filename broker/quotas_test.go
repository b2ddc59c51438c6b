package broker_test

import (
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// A shopper sends requests with ids of its own, and sorts the answers.
type shopper struct {
	*peer
	next int
}

func (r *rig) shopper(name string) *shopper {
	p := r.connect(name)
	p.take()
	return &shopper{peer: p}
}

// acquire asks for n locks of its own, one by one, or n times for one lock if name is not "". It returns
// how many requests were granted, and the distinct messages of those that were refused with too_many.
// All others wait.
func (s *shopper) acquire(n int, name string) (granted int, messages map[string]int) {
	s.t.Helper()
	for range n {
		lock := name
		if lock == "" {
			lock = fmt.Sprintf("%s-%d", s.name, s.next)
		}
		s.send(`{"type":"acquire","id":"%s--%d","locks":[{"name":"%s"}]}`,
			strings.Repeat(s.name, 8), s.next, lock)
		s.next++
	}
	return s.answers(`"granted"`)
}

// watch starts n watches.
func (s *shopper) watch(n int) (started int, messages map[string]int) {
	s.t.Helper()
	for range n {
		s.send(`{"type":"watch","id":"%s--%d","match":"no-such-lock"}`, strings.Repeat(s.name, 8), s.next)
		s.next++
	}
	return s.answers(`"watching"`)
}

// answers counts the answers of a type, and the messages of those with too_many.
func (s *shopper) answers(kind string) (count int, messages map[string]int) {
	s.t.Helper()
	pass(time.Millisecond) // a reader rests when it has waited for the loop
	messages = make(map[string]int)
	for _, frame := range s.take() {
		_, message, is := strings.Cut(frame, `"code":"too_many","message":"`)
		switch {
		case strings.Contains(frame, `"type":`+kind):
			count++
		case is:
			messages[strings.TrimSuffix(message, `"}`)]++
		default:
			s.t.Errorf("%s: unexpected %s", s.name, frame)
		}
	}
	return count, messages
}

// expectRefused checks how many of n acquires are granted and which message the others are refused with.
func (s *shopper) expect(n int, lock string, granted int, refused int, message string) {
	s.t.Helper()
	got, messages := s.acquire(n, lock)
	s.compare(got, messages, granted, refused, message)
}

func (s *shopper) compare(got int, messages map[string]int, want, refused int, message string) {
	s.t.Helper()
	wanted := map[string]int{}
	if refused > 0 {
		wanted[message] = refused
	}
	if got != want || !maps.Equal(messages, wanted) {
		s.t.Errorf("%s: %d succeeded, and %v were refused; want %d and %v", s.name, got, messages, want, wanted)
	}
}

func (r *rig) expectRefusals(want map[string]int64) {
	r.t.Helper()
	if got := r.broker.Refusals(); !maps.Equal(got, want) {
		r.t.Errorf("the counters of refusals are %v, want %v", got, want)
	}
}

// One address has a quota of requests, whatever the number of its connections. The quota does not touch
// other addresses. Each session has 16 requests even beyond it.
func TestQuotaOfRequests(t *testing.T) {
	log := new(testLog)
	inBubble(t, broker.Config{Logger: log.logger(), Quota: broker.Quota{Requests: 1200}}, func(r *rig) {
		d, e := r.shopper("d"), r.shopper("e") // of one address
		const message = "this address already has 1,200 requests, as many as it may have"
		d.expect(1203, "", 1200, 3, message)
		e.expect(18, "", 16, 2, "this address already has 1,216 requests, and may have 1,200")
		r.shopper("a").expect(1300, "", 1200, 100, message)
		d.send(`{"type":"acquire","id":"dddddddd--5000","locks":[{"name":"%s"},{"name":"x"}]}`,
			strings.Repeat("x", 256))
		if _, messages := d.answers(`"granted"`); messages["this address already has 1,216 requests, "+
			"and may have 1,200: this one counts as 3"] != 1 {
			t.Errorf("got %v", messages)
		}
		r.expectRefusals(map[string]int64{"requests of one identity or address": 106})
	})
	want := `{"level":"warn","session":"dddddddd","client":"d","remote":"192.0.2.0:1000",` +
		`"limit":"requests of one identity or address","message":"a limit of the broker was reached"}`
	if got := log.lines("limit of the broker"); len(got) != broker.FaultBurst || got[0] != want {
		t.Errorf("the log has %d lines\n%s, want %d like\n%s", len(got), got, broker.FaultBurst, want)
	}
}

// Connections of one identity count together, from wherever they come. Clients without an identity
// count by their address.
func TestQuotaOfIdentity(t *testing.T) {
	log := new(testLog)
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t, "ann", "bob")
		config := broker.Config{
			Access: k.control(t, "ann bob", "ann bob | ** | acquire list"), Logger: log.logger(),
			Quota: broker.Quota{Requests: 20, Watches: 3}, MaxConnectionsPerIdentity: 2,
		}
		serve(t, config, func(r *rig) {
			one := &shopper{peer: r.connectAs("a", k, "ann")}
			two := &shopper{peer: r.connectAs("b", k, "ann")} // from another address
			other := &shopper{peer: r.connectAs("c", k, "bob")}
			one.expect(21, "", 20, 1, "this identity already has 20 requests, as many as it may have")
			two.expect(17, "", 16, 1, "this identity already has 36 requests, and may have 20")
			other.expect(20, "", 20, 0, "")
			started, messages := one.watch(4)
			one.compare(started, messages, 3, 1,
				"this identity already has 3 watches, as many as it may have")
			started, messages = two.watch(3)
			two.compare(started, messages, 2, 1, "this identity already has 5 watches, and may have 3")
			r.header.Set("Authorization", "Bearer "+k.tokens["ann"])
			r.header.Set("Connection", "Upgrade")
			r.header.Set("Upgrade", "websocket")
			r.header.Set("Sec-Websocket-Protocol", "lockbroker.v1")
			r.expectAnswer(r.get("/ws", r.header), 429,
				"too many connections: this identity may have 2: try again later\n")
			r.expectRefusals(map[string]int64{
				"requests of one identity or address": 2, "watches of one identity or address": 2,
				"connections of one identity": 1,
			})
		})
	})
	if got := log.lines("limit of the broker", `"identity":"ann"`, `"session":"aaaaaaaa"`); len(got) == 0 {
		t.Error("no log line names the identity")
	}
}

// A request is refused for the quota of waiting requests only if it would have to wait.
func TestQuotaOfWaitingRequests(t *testing.T) {
	config := broker.Config{Quota: broker.Quota{Requests: 1000, Waiting: 30}}
	inBubble(t, config, func(r *rig) {
		d, e, a := r.shopper("d"), r.shopper("e"), r.shopper("a")
		a.expect(1, "wanted", 1, 0, "")
		const message = "this address already has 30 waiting requests, as many as it may have"
		d.expect(32, "wanted", 0, 2, message)
		d.expect(5, "", 5, 0, "") // free locks
		e.expect(16, "wanted", 0, 0, "")
		e.expect(1, "wanted", 0, 1, "this address already has 46 waiting requests, and may have 30")
		a.expect(30, "wanted", 0, 0, "") // another address
		r.expectRefusals(map[string]int64{"waiting requests of one identity or address": 3})

		// When the connection of a client has ended, its next one has the whole quota.
		d.vanish()
		again := r.shopper("f")
		e.vanish()
		synctest.Wait() // the broker has noticed
		again.expect(32, "wanted", 0, 2, message)
	})
}

// Acquires are refused while they come faster than the quota allows. All sessions of an address count
// together, and a client gains nothing by reconnecting.
func TestQuotaOfAcquiresPerSecond(t *testing.T) {
	config := broker.Config{Quota: broker.Quota{AcquiresPerSecond: 2.5, AcquireBurst: 1000}}
	inBubble(t, config, func(r *rig) {
		d, e, a := r.shopper("d"), r.shopper("e"), r.shopper("a")
		const message = "this address sends acquires too fast: it may send 2.5 a second, and 1,000 at once"
		d.expect(600, "", 600, 0, "")
		e.expect(403, "", 400, 3, message)
		a.expect(10, "", 10, 0, "")
		pass(2 * time.Second)
		d.expect(7, "", 5, 2, message)
		d.close()
		e.close()
		f := r.shopper("f")
		f.expect(1, "", 0, 1, message)
		f.close()
		synctest.Wait()
		r.expectRefusals(map[string]int64{"acquires a second of one identity or address": 6})
		if got := r.broker.Shares(); got != 2 {
			t.Errorf("%d addresses are remembered, want one with a session, and one that was too fast", got)
		}
		pass(500 * time.Second) // both addresses have recovered
		r.shopper("b").close()
		synctest.Wait()
		if got := r.broker.Shares(); got != 1 {
			t.Errorf("%d addresses are remembered, want only the one with a session", got)
		}
	})
}

// A client whose connection ends asks at once for everything that it waited for. The default burst is
// large enough for that.
func TestResubmittedRequestsFitTheBurst(t *testing.T) {
	inBubble(t, broker.Config{Quota: broker.Quota{AcquiresPerSecond: 1}}, func(r *rig) {
		a, d := r.shopper("a"), r.shopper("d")
		a.expect(1, "wanted", 1, 0, "")
		d.expect(4000, "wanted", 0, 0, "")
		d.vanish()
		r.shopper("e").expect(4000, "wanted", 0, 0, "")
	})
}

// SetQuota applies to what comes next. It ends nothing, and a quota that is not valid changes nothing.
func TestSetQuota(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		set := func(q broker.Quota) {
			t.Helper()
			if err := r.broker.SetQuota(q); err != nil {
				t.Fatal(err)
			}
		}
		a := r.shopper("a")
		a.expect(50, "", 50, 0, "")
		started, messages := a.watch(5)
		a.compare(started, messages, 5, 0, "")

		set(broker.Quota{Requests: 40, Watches: 5, AcquiresPerSecond: 1, AcquireBurst: 3})
		a.expect(3, "", 0, 3, "this address already has 50 requests, and may have 40")
		a.expect(1, "", 0, 1, "this address sends acquires too fast: it may send 1 a second, and 3 at once")
		started, messages = a.watch(1)
		a.compare(started, messages, 0, 1, "this address already has 5 watches, as many as it may have")
		for n := range 50 {
			a.send(`{"type":"release","id":"aaaaaaaa--%d"}`, n)
		}
		if released, _ := a.answers(`"released"`); released != 50 {
			t.Errorf("%d of 50 locks were held until they were released", released)
		}

		set(broker.Quota{Requests: 40, AcquiresPerSecond: 1, AcquireBurst: 5})
		a.expect(1, "", 0, 1, "this address sends acquires too fast: it may send 1 a second, and 5 at once")
		pass(10 * time.Second)
		a.expect(6, "", 5, 1, "this address sends acquires too fast: it may send 1 a second, and 5 at once")
		set(broker.Quota{Requests: 40})
		a.expect(36, "", 35, 1, "this address already has 40 requests, as many as it may have")

		for _, bad := range []broker.Quota{
			{Requests: -1}, {Waiting: -1}, {Watches: -1}, {AcquiresPerSecond: -1}, {AcquireBurst: -1},
			{AcquiresPerSecond: math.NaN()}, {AcquiresPerSecond: math.Inf(1)},
		} {
			err := r.broker.SetQuota(bad)
			if err == nil || !strings.HasPrefix(err.Error(), "broker: Quota.") {
				t.Errorf("%+v: got %v", bad, err)
			}
			if _, err := broker.New(broker.Config{Quota: bad}); err == nil {
				t.Errorf("%+v: New accepts it", bad)
			}
		}
		a.expect(1, "", 0, 1, "this address already has 40 requests, as many as it may have")
	})
}

// A broker that drains says so, even to a client that is beyond its quota: see the order of checks in
// PROTOCOL.md.
func TestDrainingComesBeforeQuotas(t *testing.T) {
	config := broker.Config{Drain: time.Minute, Quota: broker.Quota{AcquiresPerSecond: 1, AcquireBurst: 1}}
	inBubble(t, config, func(r *rig) {
		a := r.shopper("a")
		a.expect(1, "", 1, 0, "")
		stopped := r.stopping()
		synctest.Wait()
		a.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--7","locks":[{"name":"x"}]}`)
		synctest.Wait()
		if got := a.take(); len(got) != 1 || !strings.Contains(got[0], `"code":"shutting_down"`) {
			t.Errorf("got %s, want shutting_down", got)
		}
		r.expectRefusals(nil)
		a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		<-stopped
	})
}

// The other limits are counted, too.
func TestRefusalsOfOtherLimits(t *testing.T) {
	config := broker.Config{MaxRequests: 40, MaxWatches: 4, MaxConnections: 4, MaxConnectionsPerAddress: 3}
	config.Limits.Requests = 18
	inBubble(t, config, func(r *rig) {
		a, b, c := r.shopper("a"), r.shopper("b"), r.shopper("c")
		a.expect(19, "", 18, 1, "this session already has 18 requests")
		b.expect(18, "", 18, 0, "")
		c.expect(17, "", 16, 1, "the broker already has 52 requests, and may have 40")
		started, messages := a.watch(3)
		a.compare(started, messages, 2, 1, "this address already has 2 watches, as many as it may have")
		for _, s := range []*shopper{b, c} {
			started, messages = s.watch(2)
			s.compare(started, messages, 2, 0, "")
		}
		for _, remote := range []string{"192.0.2.8:1", "192.0.2.9:1"} {
			_, end := r.upgradeFrom("x", remote)
			defer end()
		}
		if err := r.broker.SetQuota(broker.Quota{Watches: 9}); err != nil {
			t.Fatal(err)
		}
		started, messages = c.watch(1)
		c.compare(started, messages, 0, 1, "the broker already has 6 watches, and may have 4")
		r.expectRefusals(map[string]int64{
			"requests of one session": 1, "requests": 1, "watches of one identity or address": 1,
			"watches": 1, "connections": 1,
		})
	})
}

// Each limit has a name of its own in the log.
func TestLimitNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, name := range broker.LimitNames() {
		if name == "" || seen[name] {
			t.Errorf("the name %q is empty, or names two limits", name)
		}
		seen[name] = true
	}
}
