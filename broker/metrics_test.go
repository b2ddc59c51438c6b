package broker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// metricsOf returns the value of each series of a broker, such as `requests{state="waiting"}`. The series
// have no prefix. A histogram has its count.
func metricsOf(t testing.TB, b *broker.Broker) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(b.Metrics())
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]float64)
	for _, family := range families {
		name, _ := strings.CutPrefix(family.GetName(), "lockbroker_")
		for _, m := range family.GetMetric() {
			all[name+labelsOf(m)] = valueOf(m)
		}
	}
	return all
}

func labelsOf(m *dto.Metric) string {
	var pairs []string
	for _, l := range m.GetLabel() {
		pairs = append(pairs, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
	}
	if pairs == nil {
		return ""
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

func valueOf(m *dto.Metric) float64 {
	switch {
	case m.GetCounter() != nil:
		return m.GetCounter().GetValue()
	case m.GetGauge() != nil:
		return m.GetGauge().GetValue()
	}
	return float64(m.GetHistogram().GetSampleCount())
}

// expectMetrics checks some series.
func (r *rig) expectMetrics(want map[string]float64) {
	r.t.Helper()
	synctest.Wait()
	got := metricsOf(r.t, r.broker)
	for series, value := range want {
		if found, is := got[series]; !is || found != value {
			r.t.Errorf("%s is %v, want %v", series, found, value)
		}
	}
}

// The metrics follow requests from the acquire to the end: how many wait and hold, how each ended, and how
// long it took.
func TestMetricsOfRequests(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.connect("a"), r.connect("b")
		acquire(a, 0, "x", "")
		pass(10 * time.Second)
		acquire(b, 0, "x", "")
		acquire(b, 1, "x", `,"wait_ms":1000`)
		acquire(b, 2, "x", `,"wait_ms":0`)
		r.expectMetrics(map[string]float64{
			`requests{state="holding"}`: 1, `requests{state="waiting"}`: 2, `grants_total`: 1,
			`longest_hold_seconds`: 10, `longest_wait_seconds`: 0, `locks_in_use`: 1, `locks_remembered`: 0,
			`errors_total{code="unavailable"}`: 1, `wait_seconds{result="granted"}`: 1,
		})
		pass(2 * time.Second)
		r.expectMetrics(map[string]float64{
			`requests_ended_total{how="timeout",state="waiting"}`: 1, `errors_total{code="timeout"}`: 1,
			`longest_hold_seconds`: 12, `longest_wait_seconds`: 2, `wait_seconds{result="ended"}`: 1,
		})
		a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		synctest.Wait()
		b.send(`{"type":"cancel","id":"bbbbbbbb--0"}`)
		r.expectMetrics(map[string]float64{
			`requests_ended_total{how="released",state="holding"}`:  1,
			`requests_ended_total{how="cancelled",state="holding"}`: 1,
			`requests_ended_total{how="cancelled",state="waiting"}`: 0,
			`requests{state="holding"}`:                             0, `requests{state="waiting"}`: 0,
			`grants_total`: 2, `hold_seconds`: 2, `wait_seconds{result="granted"}`: 2,
			`longest_hold_seconds`: 0, `longest_wait_seconds`: 0, `locks_in_use`: 0, `locks_remembered`: 1,
		})
	})
}

// How many seconds requests waited and held is in the sums of the histograms.
func TestMetricsOfDurations(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.connect("a")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"x"}]}`)
		synctest.Wait()
		pass(3 * time.Second)
		a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		synctest.Wait()
		pass(time.Second)
		a.send(`{"type":"release","id":"aaaaaaaa--1"}`)
		synctest.Wait()
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(r.broker.Metrics())
		for name, want := range map[string]float64{"wait_seconds": 3, "hold_seconds": 4} {
			if got := sumOf(t, registry, "lockbroker_"+name); got != want {
				t.Errorf("%s sums to %v, want %v", name, got, want)
			}
		}
	})
}

func sumOf(t *testing.T, g prometheus.Gatherer, name string) (sum float64) {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			for _, m := range family.GetMetric() {
				sum += m.GetHistogram().GetSampleSum()
			}
		}
	}
	return sum
}

// Only the locks that the operator's globs match have series. Their number is limited, and what is beyond
// it is counted.
func TestMetricsOfLocks(t *testing.T) {
	config := broker.Config{MetricsLocks: []string{"jobs/*"}, MaxMetricsLocks: 2}
	inBubble(t, config, func(r *rig) {
		a := r.connect("a")
		for n, name := range []string{"jobs/1", "other", "jobs/2", "jobs/3", "jobs/1"} {
			a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"%s"}]}`, n, name)
		}
		synctest.Wait()
		pass(3 * time.Second)
		a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		r.expectMetrics(map[string]float64{
			`lock_requests{lock="jobs/1",state="holding"}`: 1,
			`lock_requests{lock="jobs/1",state="waiting"}`: 0,
			`lock_requests{lock="jobs/2",state="holding"}`: 1,
			`lock_grants_total{lock="jobs/1"}`:             2, `lock_grants_total{lock="jobs/2"}`: 1,
			`lock_waited_seconds_total{lock="jobs/1"}`: 3, `lock_held_seconds_total{lock="jobs/1"}`: 3,
			`lock_grants_dropped_total`: 1,
		})
		for series := range metricsOf(t, r.broker) {
			if strings.Contains(series, `lock="other"`) || strings.Contains(series, "jobs/3") {
				t.Errorf("there is a series %s", series)
			}
		}
	})
}

// The number of series does not grow with the number of locks, clients, requests and watches.
func TestSeriesDoNotGrow(t *testing.T) {
	config := broker.Config{Limits: wire.Limits{Requests: 200_000}}
	inBubble(t, config, func(r *rig) {
		a := r.connect("a")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		synctest.Wait()
		before := metricsOf(t, r.broker)
		for n := range 100_000 {
			a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"x%d"}]}`, n+1, n)
			if n%1000 == 0 {
				a.take()
			}
		}
		pass(time.Second)
		after := metricsOf(t, r.broker)
		if held := after[`requests{state="holding"}`]; held != 100_001 {
			t.Fatalf("%v requests hold", held)
		}
		if len(after) != len(before) {
			t.Errorf("%d series, before %d", len(after), len(before))
		}
	})
}

// The names, units and help texts of the metrics follow the conventions of Prometheus.
func TestMetricsLint(t *testing.T) {
	config := broker.Config{MetricsLocks: []string{"*"}}
	inBubble(t, config, func(r *rig) {
		a := r.connect("a")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		synctest.Wait()
		problems, err := testutil.CollectAndLint(r.broker.Metrics())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	})
}

// If the loop does not answer, a scrape still shows what others know, and says that the loop is missing.
func TestMetricsOfAStuckLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := broker.New(broker.Config{}) // Run is not called
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		got := metricsOf(t, b)
		if took := time.Since(start); took != time.Second {
			t.Errorf("the scrape took %v, want 1s", took)
		}
		if got["loop_responding"] != 0 || got[`pause{reason="starting"}`] != 1 {
			t.Errorf("%v", got)
		}
		if _, is := got["grants_total"]; is {
			t.Error("it shows what only the loop knows")
		}
	})
}

// Ping returns when the loop answers, and with an error when it cannot.
func TestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := broker.New(broker.Config{Drain: broker.None})
		if err != nil {
			t.Fatal(err)
		}
		early, cancel := context.WithTimeoutCause(t.Context(), time.Second, io.ErrNoProgress)
		defer cancel()
		if err := b.Ping(early); !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("before Run: %v", err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- b.Run(ctx) }()
		if err := b.Ping(t.Context()); err != nil {
			t.Errorf("while it runs: %v", err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := b.Ping(t.Context()); !errors.Is(err, broker.ErrNotRunning) {
			t.Errorf("after Run: %v", err)
		}
	})
}

// Without credentials, only programs on this machine may read the metrics, and no page may that asks for
// the broker by a name that is not its own.
func TestMetricsWithoutCredentials(t *testing.T) {
	inBubble(t, broker.Config{AllowedHosts: []string{"locks.test"}}, func(r *rig) {
		for _, test := range []struct {
			remote, host, more string
			status             int
		}{
			{"127.0.0.1:1", "127.0.0.1:27002", "", 200},
			{"[::1]:1", "localhost", "", 200},
			{"127.0.0.1:1", "locks.test:27002", "", 403}, // as a proxy may pass it
			{"127.0.0.1:1", "evil.test", "", 403},
			{"192.0.2.1:1", "127.0.0.1", "", 403},
			{"127.0.0.1:1", "localhost", "X-Forwarded-For: 192.0.2.1\r\n", 403},
			{"127.0.0.1:1", "localhost", "Forwarded: for=192.0.2.1\r\n", 403},
			{"127.0.0.1:1", "localhost", "Via: 1.1 proxy\r\n", 403},
		} {
			got := r.ask(test.remote, "GET /metrics HTTP/1.1\r\nHost: "+test.host+"\r\n"+test.more+"\r\n")
			if !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d", test.status)) {
				t.Errorf("%+v: %.60q", test, got)
			}
			if shows := strings.Contains(got, "lockbroker_grants_total"); shows != (test.status == 200) {
				t.Errorf("%+v: shows metrics: %v", test, shows)
			}
		}
	})
}

// With credentials, the permission decides, from wherever the request comes.
func TestMetricsPermission(t *testing.T) {
	rules := []string{"ann||metrics", "bob|**|acquire list clients"}
	withAccess(t, "ann bob", rules, func(r *rig, k *keys) {
		for identity, status := range map[string]int{"ann": 200, "bob": 403, "": 401} {
			h := http.Header{}
			if identity != "" {
				h.Set("Authorization", "Bearer "+k.tokens[identity])
			}
			response := r.get("/metrics", h)
			body, _ := io.ReadAll(response.Body)
			if response.StatusCode != status {
				t.Errorf("%q: %s", identity, response.Status)
			}
			shows := strings.Contains(string(body), "lockbroker_grants_total")
			if shows != (status == 200) {
				t.Errorf("%q: shows metrics: %v", identity, shows)
			}
		}
	})
}

// ask sends a request from an address, and returns the whole answer.
func (r *rig) ask(remote, request string) string {
	r.t.Helper()
	conn := r.open(remote)
	defer func() { _ = conn.Close() }()
	request = strings.Replace(request, "\r\n", "\r\nConnection: close\r\n", 1)
	go func() { _, _ = io.WriteString(conn, request) }()
	answer, err := io.ReadAll(conn)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(answer)
}
